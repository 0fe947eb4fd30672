#include "kernels.h"
#include "reduction.h"

namespace convcore::cuda {
namespace {

// The softmax family works along n of [outer, n, inner]: for inner = 1 by groups of threads per row, else by one thread
// per column, neighbours side by side.

template <class T, class Group, bool kLog>
__global__ void softmax_rows(int64_t rows, int64_t n, const T* x, T* y) {
  using C = Compute<T>;
  Group group;
  for (int64_t row = group.first(); row < rows; row += group.step()) {
    const T* from = x + row * n;
    C top = lowest<C>(), total = 0;
    for (int64_t i = group.lane(); i < n; i += Group::kSize) {
      const C v = load(from[i]);
      top = v > top ? v : top;
    }
    top = group.max(top);
    for (int64_t i = group.lane(); i < n; i += Group::kSize) total += exponential(load(from[i]) - top);
    total = group.sum(total);
    const C log_sum = kLog ? logarithm(total) : C(0), factor = 1 / total;
    for (int64_t i = group.lane(); i < n; i += Group::kSize) {
      const C v = load(from[i]) - top;
      y[row * n + i] = store<T>(kLog ? v - log_sum : exponential(v) * factor);
    }
  }
}

template <class T, bool kLog>
__global__ void softmax_columns(int64_t outer, int64_t n, int64_t inner, const T* x, T* y) {
  using C = Compute<T>;
  for_each(outer * inner, [&](int64_t column) {
    const int64_t first = column / inner * n * inner + column % inner;
    C top = lowest<C>(), total = 0;
    for (int64_t i = 0; i < n; ++i) {
      const C v = load(x[first + i * inner]);
      top = v > top ? v : top;
    }
    for (int64_t i = 0; i < n; ++i) total += exponential(load(x[first + i * inner]) - top);
    const C log_sum = kLog ? logarithm(total) : C(0), factor = 1 / total;
    for (int64_t i = 0; i < n; ++i) {
      const C v = load(x[first + i * inner]) - top;
      y[first + i * inner] = store<T>(kLog ? v - log_sum : exponential(v) * factor);
    }
  });
}

/// What backward sums along n: y·dy, or dy alone where y is a logarithm.
template <bool kLog, class C>
__device__ __forceinline__ C term(C y, C dy) {
  return kLog ? dy : y * dy;
}
/// dx = y · (dy − Σ y·dy), or dy − exp(y) · Σ dy.
template <bool kLog, class C>
__device__ __forceinline__ C gradient(C y, C dy, C total) {
  return kLog ? dy - exponential(y) * total : y * (dy - total);
}

template <class T, class Group, bool kLog>
__global__ void softmax_backward_rows(int64_t rows, int64_t n, const T* y, const T* dy, T* dx) {
  using C = Compute<T>;
  Group group;
  for (int64_t row = group.first(); row < rows; row += group.step()) {
    const int64_t first = row * n;
    C total = 0;
    for (int64_t i = group.lane(); i < n; i += Group::kSize)
      total += term<kLog>(load(y[first + i]), load(dy[first + i]));
    total = group.sum(total);
    for (int64_t i = group.lane(); i < n; i += Group::kSize)
      dx[first + i] = store<T>(gradient<kLog>(load(y[first + i]), load(dy[first + i]), total));
  }
}

template <class T, bool kLog>
__global__ void softmax_backward_columns(int64_t outer, int64_t n, int64_t inner, const T* y, const T* dy, T* dx) {
  using C = Compute<T>;
  for_each(outer * inner, [&](int64_t column) {
    const int64_t first = column / inner * n * inner + column % inner;
    C total = 0;
    for (int64_t i = first; i < first + n * inner; i += inner) total += term<kLog>(load(y[i]), load(dy[i]));
    for (int64_t i = first; i < first + n * inner; i += inner)
      dx[i] = store<T>(gradient<kLog>(load(y[i]), load(dy[i]), total));
  });
}

template <bool kLog>
void forward(int64_t outer, int64_t n, int64_t inner, const In& x, const Out& y) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const T* from = x.as<T>();
    if (inner > 1)
      launch(softmax_columns<T, kLog>, blocks_for(outer * inner), kThreads, 0, outer, n, inner, from, y.as<T>());
    else if (n <= kLongRow)
      launch(softmax_rows<T, WarpGroup<C>, kLog>, WarpGroup<C>::grid(outer), kThreads, 0, outer, n, from, y.as<T>());
    else
      launch(softmax_rows<T, BlockGroup<C>, kLog>, BlockGroup<C>::grid(outer), kThreads, 0, outer, n, from, y.as<T>());
  });
}

template <bool kLog>
void backward(int64_t outer, int64_t n, int64_t inner, const In& y, const In& dy, const Out& dx) {
  dispatch_storage(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const T *from = y.as<T>(), *gradient = dy.as<T>();
    if (inner > 1)
      launch(softmax_backward_columns<T, kLog>, blocks_for(outer * inner), kThreads, 0, outer, n, inner, from, gradient,
             dx.as<T>());
    else if (n <= kLongRow)
      launch(softmax_backward_rows<T, WarpGroup<C>, kLog>, WarpGroup<C>::grid(outer), kThreads, 0, outer, n, from,
             gradient, dx.as<T>());
    else
      launch(softmax_backward_rows<T, BlockGroup<C>, kLog>, BlockGroup<C>::grid(outer), kThreads, 0, outer, n, from,
             gradient, dx.as<T>());
  });
}

}  // namespace

void softmax(int64_t outer, int64_t n, int64_t inner, In x, Out y) { forward<false>(outer, n, inner, x, y); }
void softmax_backward(int64_t outer, int64_t n, int64_t inner, In y, In dy, Out dx) {
  backward<false>(outer, n, inner, y, dy, dx);
}
void log_softmax(int64_t outer, int64_t n, int64_t inner, In x, Out y) { forward<true>(outer, n, inner, x, y); }
void log_softmax_backward(int64_t outer, int64_t n, int64_t inner, In y, In dy, Out dx) {
  backward<true>(outer, n, inner, y, dy, dx);
}

}  // namespace convcore::cuda
