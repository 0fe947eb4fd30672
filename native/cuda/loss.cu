#include "kernels.h"
#include "map.h"
#include "reduction.h"

namespace convcore::cuda {
namespace {

/// Softmax and cross-entropy of each row in one go.
template <class T, class Group>
__global__ void cross_entropy_rows(int64_t rows, int64_t classes, const T* x, const int32_t* target, T* loss,
                                   Compute<T>* log_sum_exp) {
  using C = Compute<T>;
  Group group;
  for (int64_t row = group.first(); row < rows; row += group.step()) {
    const T* from = x + row * classes;
    C top = lowest<C>(), total = 0;
    for (int64_t i = group.lane(); i < classes; i += Group::kSize) {
      const C v = load(from[i]);
      top = v > top ? v : top;
    }
    top = group.max(top);
    for (int64_t i = group.lane(); i < classes; i += Group::kSize) total += exponential(load(from[i]) - top);
    total = group.sum(total);
    if (group.lane() == 0) {
      const C log_sum = logarithm(total);
      loss[row] = store<T>(log_sum - (load(from[target[row]]) - top));
      log_sum_exp[row] = top + log_sum;
    }
  }
}

template <class T>
__global__ void cross_entropy_backward_each(int64_t n, int64_t classes, const T* x, const int32_t* target,
                                            const Compute<T>* log_sum_exp, const T* dloss, T* dx) {
  using C = Compute<T>;
  for_each(n * classes, [&](int64_t i) {
    const int64_t row = i / classes;
    const C probability = exponential(load(x[i]) - log_sum_exp[row]);
    dx[i] = store<T>((i % classes == target[row] ? probability - 1 : probability) * load(dloss[row]));
  });
}

/// Log-likelihoods of binary targets stay above −100, as in PyTorch.
template <class C>
__device__ __forceinline__ C clamped(C log_likelihood) {
  return log_likelihood < -100 ? C(-100) : log_likelihood;
}

template <class C>
struct Bce {
  __device__ C operator()(C x, C target) const {
    return (target - 1) * clamped(logarithm_of_one_plus(-x)) - target * clamped(logarithm(x));
  }
};

template <class T>
__global__ void bce_backward_each(int64_t n, const T* x, const T* target, const T* dloss, T* dx) {
  using C = Compute<T>;
  for_each(n, [&](int64_t i) {
    const C p = load(x[i]), variance = (1 - p) * p, least = C(1e-12);
    dx[i] = store<T>(load(dloss[i]) * (p - load(target[i])) / (variance < least ? least : variance));
  });
}

/// The first element of x outside [0, 1], and n when there is none. One block.
template <class T>
__global__ void find_improbable(int64_t n, const T* x, int64_t* where) {
  __shared__ int64_t found[kWarps];
  int64_t first = n;
  for (int64_t i = threadIdx.x; i < n && first == n; i += kThreads) {
    const Compute<T> v = load(x[i]);
    if (!(v >= 0 && v <= 1)) first = i;
  }
  for (int distance = 16; distance > 0; distance /= 2) {
    const int64_t other = __shfl_xor_sync(0xffffffffu, first, distance);
    first = other < first ? other : first;
  }
  if (threadIdx.x % 32 == 0) found[threadIdx.x / 32] = first;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int64_t each : found) first = each < first ? each : first;
  *where = first;
}

/// Fails unless all of x are probabilities. Waits for the device.
template <class T>
void check_probabilities(int64_t n, const T* x) {
  const Scratch scratch(sizeof(int64_t));
  launch(find_improbable<T>, 1, kThreads, 0, n, x, scratch.as<int64_t>());
  int64_t where;
  read_back(&where, scratch.as<int64_t>(), sizeof where);
  if (where == n) return;
  T value;
  read_back(&value, x + where, sizeof value);
  fail("expected probabilities in [0, 1], got %g", static_cast<double>(load(value)));
}

}  // namespace

void cross_entropy(int64_t n, int64_t classes, In x, IndexIn target, Out loss, WideOut log_sum_exp) {
  check_indices(target, classes, "class index");
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    auto run = [&](auto kernel, dim3 grid) {
      launch(kernel, grid, kThreads, 0, n, classes, x.as<T>(), target.as<int32_t>(), loss.as<T>(), log_sum_exp.as<C>());
    };
    if (classes <= kLongRow)
      run(cross_entropy_rows<T, WarpGroup<C>>, WarpGroup<C>::grid(n));
    else
      run(cross_entropy_rows<T, BlockGroup<C>>, BlockGroup<C>::grid(n));
  });
}

void cross_entropy_backward(int64_t n, int64_t classes, In x, IndexIn target, WideIn log_sum_exp, In dloss, Out dx) {
  check_indices(target, classes, "class index");
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(cross_entropy_backward_each<T>, blocks_for(n * classes), kThreads, 0, n, classes, x.as<T>(),
           target.as<int32_t>(), log_sum_exp.as<Compute<T>>(), dloss.as<T>(), dx.as<T>());
  });
}

void bce(int64_t n, In x, In target, Out loss) {
  dispatch_storage(x.dtype, [&](auto zero) { check_probabilities(n, x.as<decltype(zero)>()); });
  map_pairs<Bce>(n, x, target, loss);
}

void bce_backward(int64_t n, In x, In target, In dloss, Out dx) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(bce_backward_each<T>, blocks_for(n), kThreads, 0, n, x.as<T>(), target.as<T>(), dloss.as<T>(), dx.as<T>());
  });
}

}  // namespace convcore::cuda
