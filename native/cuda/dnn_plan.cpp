#include "dnn_plan.h"

#include <algorithm>
#include <cstring>

#include "dnn.h"

namespace convcore::cuda::dnn {
namespace {

constexpr size_t kMaxPlans = 256;

Session* make(std::string& reason) {
  cudnnHandle_t handle = nullptr;
  const cudnnStatus_t status = cudnn().cudnnCreate(&handle);
  if (status == CUDNN_STATUS_SUCCESS) return new Session{handle, {}};
  reason = std::string("cudnnCreate: ") + cudnn().cudnnGetErrorString(status);
  return nullptr;
}

Handles<Session>& handles() {
  static auto& all = *new Handles<Session>(make);
  return all;
}

}  // namespace

LibraryInfo info() {
  LibraryInfo found = library();
  if (found.reason.empty()) found.reason = handles().reason();
  return found;
}

Handles<Session>::Lease session() {
  if (!library().reason.empty()) return nullptr;
  auto lease = handles().take(context().device);
  if (lease) check(cudnn().cudnnSetStream(lease->handle, context().stream), "cudnnSetStream");
  return lease;
}

bool available() { return session() != nullptr; }

Task::Task(const Conv& p, DType dtype, ConvPass pass)
    : p(p),
      dtype(static_cast<int64_t>(dtype)),
      pass(static_cast<int64_t>(pass)),
      tf32(dtype == DType::Float32 && tf32_allowed()),
      benchmark(cuda::benchmark()) {}

bool Task::operator<(const Task& other) const {
  static_assert(sizeof(Task) == 26 * sizeof(int64_t), "it has no padding");
  return std::memcmp(this, &other, sizeof(Task)) < 0;
}

Plan::Plan(const Task& task) {
  const Conv& p = task.p;
  const auto dtype = static_cast<DType>(task.dtype);
  const cudnnDataType_t type = type_of(dtype);
  // TF32 came with compute capability 8.0.
  math = is_half(dtype)                           ? CUDNN_TENSOR_OP_MATH
         : task.tf32 || context().capability < 80 ? CUDNN_DEFAULT_MATH
                                                  : CUDNN_FMA_MATH;
  auto count = [](int64_t value) { return static_cast<int>(value); };
  auto image = [&](const Tensor& tensor, int64_t n, int64_t c, int64_t h, int64_t w) {
    return cudnn().cudnnSetTensor4dDescriptor(tensor, CUDNN_TENSOR_NHWC, type, count(n), count(c), count(h), count(w));
  };
  const cudnnStatus_t statuses[] = {
      image(x, p.n, p.c, p.h, p.w),
      image(y, p.n, p.k, p.p, p.q),
      image(bias, 1, task.pass == static_cast<int64_t>(ConvPass::BackwardInput) ? p.c : p.k, 1, 1),
      cudnn().cudnnSetFilter4dDescriptor(weight, type, CUDNN_TENSOR_NHWC, count(p.k), count(p.c / p.groups), count(p.r),
                                         count(p.s)),
      cudnn().cudnnSetConvolution2dDescriptor(conv, count(p.pad_h), count(p.pad_w), count(p.stride_h),
                                              count(p.stride_w), count(p.dilation_h), count(p.dilation_w),
                                              CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
      cudnn().cudnnSetConvolutionGroupCount(conv, count(p.groups)),
      cudnn().cudnnSetConvolutionMathType(conv, math),
  };
  for (cudnnStatus_t status : statuses)
    if (status != CUDNN_STATUS_SUCCESS) candidates.emplace();
}

Plan& Plans::of(const Task& task) {
  auto found = plans_.find(task);
  if (found == plans_.end()) {
    auto older = [](const auto& a, const auto& b) { return a.second.used < b.second.used; };
    if (plans_.size() == kMaxPlans) plans_.erase(std::min_element(plans_.begin(), plans_.end(), older));
    found = plans_.try_emplace(task, task).first;
  }
  found->second.used = ++calls_;
  return found->second;
}

}  // namespace convcore::cuda::dnn
