#include "dnn.h"

#include <algorithm>
#include <climits>

#include "dnn_pass.h"

namespace convcore::cuda::dnn {
namespace {

constexpr size_t kMaxWorkspace = size_t{512} << 20;

bool fits(int64_t count) { return count >= 1 && count <= INT_MAX; }

/// Whether one axis has as many outputs as the same padding on both sides gives.
bool symmetric(int64_t input, int64_t taps, int64_t stride, int64_t pad, int64_t dilation, int64_t output) {
  const int64_t room = input + 2 * pad - dilation * (taps - 1) - 1;
  return room >= 0 && room / stride + 1 == output;
}

/// An operand at an address that is a multiple of 16, as cuDNN's kernels want it.
class Aligned {
 public:
  explicit Aligned(const Operand& operand)
      : data_(operand.data), bytes_(operand.count * static_cast<int64_t>(size_of(operand.dtype))) {
    if (reinterpret_cast<uintptr_t>(data_) % 16 == 0) return;
    copy_.emplace(bytes_);
    data_ = copy_->as<void>();
  }
  Aligned(const In& operand) : Aligned(static_cast<const Operand&>(operand)) { move(data_, operand.data); }
  Aligned(const OptIn& operand) : Aligned(static_cast<const Operand&>(operand)) { move(data_, operand.data); }

  void* data() const { return data_; }
  /// To where the operand lies, when it was written.
  void copy_back(const Out& operand) const { move(operand.data, data_); }

 private:
  void move(void* to, const void* from) const {
    if (copy_)
      cuda::check(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes_), cudaMemcpyDeviceToDevice, context().stream),
                  "a copy");
  }

  void* data_;
  int64_t bytes_;
  std::optional<Scratch> copy_;
};

/// The most that any algorithm wants, of those that want no more than allowed.
template <class P>
size_t largest_workspace(cudnnHandle_t handle, const Plan& plan) {
  size_t largest = 0, bytes = 0;
  for (int i = 0; i < P::kAlgorithms; ++i)
    if (P::workspace(handle, plan, static_cast<typename P::Algorithm>(i), &bytes) == CUDNN_STATUS_SUCCESS &&
        bytes <= kMaxWorkspace)
      largest = std::max(largest, bytes);
  return largest;
}

template <class P>
std::vector<Candidate> candidates(cudnnHandle_t handle, const Plan& plan, const Task& task, const Operands& operands) {
  constexpr int kMost = 2 * P::kAlgorithms;  // each with and without tensor cores
  typename P::Performance results[kMost];
  int count = 0;
  cudnnStatus_t status;
  if (task.benchmark) {
    const size_t bytes = largest_workspace<P>(handle, plan);
    const Scratch workspace(static_cast<int64_t>(bytes));
    status = P::time(handle, plan, operands, kMost, &count, results, workspace.as<void>(), bytes);
  } else {
    status = P::ask(handle, plan, kMost, &count, results);
  }
  std::vector<Candidate> found;
  if (status != CUDNN_STATUS_SUCCESS) return found;
  for (int i = 0; i < count; ++i) {
    const auto& result = results[i];
    const bool repeatable = task.benchmark || result.determinism == CUDNN_DETERMINISTIC;
    if (result.status != CUDNN_STATUS_SUCCESS || !repeatable) continue;
    Candidate candidate{result.algo, result.mathType, result.memory};
    // cuDNN also tells of algorithms with math that was not asked for. Only without TF32 does that matter.
    if (plan.math == CUDNN_FMA_MATH) {
      candidate.math = plan.math;
      if (P::workspace(handle, plan, result.algo, &candidate.workspace) != CUDNN_STATUS_SUCCESS) continue;
    }
    if (candidate.workspace <= kMaxWorkspace) found.push_back(candidate);
  }
  return found;
}

/// With the best algorithm that cuDNN does not refuse after all.
template <class P>
bool run(Session& session, const Conv& p, DType dtype, const Operands& operands) {
  const Task task(p, dtype, P::kPass);
  Plan& plan = session.plans.of(task);
  if (!plan.candidates) plan.candidates = candidates<P>(session.handle, plan, task, operands);
  auto& left = *plan.candidates;
  while (!left.empty()) {
    const Candidate& best = left.front();
    check(cudnn().cudnnSetConvolutionMathType(plan.conv, best.math), "cudnnSetConvolutionMathType");
    const Scratch workspace(static_cast<int64_t>(best.workspace));
    const cudnnStatus_t status =
        P::run(session.handle, plan, operands, static_cast<typename P::Algorithm>(best.algorithm), workspace.as<void>(),
               best.workspace);
    if (!unsupported(status)) {
      check(status, "a convolution of cuDNN");
      return true;
    }
    left.erase(left.begin());
  }
  return false;
}

/// `out` from `first` and `second`, in the order of the pass.
template <class P>
bool convolve(const Conv& p, const In& first, const In& second, const OptIn& bias, const Out& out) {
  const auto lease = session();
  if (!lease) return false;
  const Aligned a(first), b(second), shift(bias), c(static_cast<const Operand&>(out));
  if (!run<P>(*lease, p, out.dtype, {a.data(), b.data(), c.data()})) return false;
  if (bias) {
    const Plan& plan = lease->plans.of(Task(p, out.dtype, P::kPass));
    const Tensor& result = P::kPass == ConvPass::Forward ? plan.y : plan.x;
    const float one = 1;
    check(cudnn().cudnnAddTensor(lease->handle, &one, plan.bias, shift.data(), &one, result, c.data()),
          "cudnnAddTensor");
  }
  c.copy_back(out);
  return true;
}

}  // namespace

bool takes(const Conv& p, DType dtype) {
  if (p.d != 1 || !is_flat(p) || (dtype != DType::Float32 && !is_half(dtype))) return false;
  for (int64_t count : {p.n, p.c, p.h, p.w, p.r, p.s, p.p, p.q, p.k, p.groups, p.stride_h, p.stride_w, p.pad_h + 1,
                        p.pad_w + 1, p.dilation_h, p.dilation_w, p.x(), p.weight(), p.y()})
    if (!fits(count)) return false;
  return symmetric(p.h, p.r, p.stride_h, p.pad_h, p.dilation_h, p.p) &&
         symmetric(p.w, p.s, p.stride_w, p.pad_w, p.dilation_w, p.q) && available();
}

bool conv2d(const Conv& p, In x, In weight, OptIn bias, Out y) { return convolve<Forward>(p, x, weight, bias, y); }
bool conv2d_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx) {
  return convolve<BackwardInput>(p, weight, dy, bias, dx);
}
bool conv2d_backward_weight(const Conv& p, In x, In dy, Out dweight) {
  return convolve<BackwardWeight>(p, x, dy, {}, dweight);
}

}  // namespace convcore::cuda::dnn
