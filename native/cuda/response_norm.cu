#include "context.h"
#include "kernels.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

/// Σ term(i + d) over the distances d in [low, high] from element i that stay within its channels.
template <class C, class Term>
__device__ __forceinline__ C window_sum(int64_t i, int64_t channels, int64_t low, int64_t high, Term term) {
  const int64_t c = i % channels, begin = c + low < 0 ? -c : low, last = channels - 1 - c,
                end = high < last ? high : last;
  C sum = 0;
  for (int64_t d = begin; d <= end; ++d) sum += term(i + d);
  return sum;
}

template <class T>
__global__ void normalize_each(int64_t n, int64_t channels, int64_t size, Compute<T> weight, Compute<T> exponent,
                               Compute<T> base, const T* x, T* y, Compute<T>* scale) {
  using C = Compute<T>;
  for_each(n, [&](int64_t i) {
    const C squares = window_sum<C>(i, channels, -(size / 2), (size - 1) / 2, [&](int64_t j) {
      const C v = load(x[j]);
      return v * v;
    });
    const C divisor = base + weight * squares;
    y[i] = store<T>(load(x[i]) * power(divisor, exponent));
    if (scale) scale[i] = divisor;
  });
}

template <class T>
__global__ void ratios_each(int64_t n, Compute<T> exponent, const T* x, const Compute<T>* scale, const T* dy,
                            Compute<T>* ratios) {
  for_each(n, [&](int64_t i) { ratios[i] = load(dy[i]) * load(x[i]) * power(scale[i], exponent - 1); });
}

template <class T>
__global__ void backward_each(int64_t n, int64_t channels, int64_t size, Compute<T> factor, Compute<T> exponent,
                              const T* x, const Compute<T>* scale, const T* dy, const Compute<T>* ratios, T* dx) {
  using C = Compute<T>;
  for_each(n, [&](int64_t i) {
    const C sum = window_sum<C>(i, channels, -((size - 1) / 2), size / 2, [&](int64_t j) { return ratios[j]; });
    dx[i] = store<T>(load(dy[i]) * power(scale[i], exponent) - factor * load(x[i]) * sum);
  });
}

}  // namespace

void response_norm(int64_t rows, int64_t channels, int64_t size, double alpha, double beta, double k, In x, Out y,
                   OptWideOut scale) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const int64_t n = rows * channels;
    launch(normalize_each<T>, blocks_for(n), kThreads, 0, n, channels, size,
           static_cast<C>(alpha / static_cast<double>(size)), static_cast<C>(-beta), static_cast<C>(k), x.as<T>(),
           y.as<T>(), scale.as<C>());
  });
}

// dx[j] = dy[j] · scale[j]^−β − 2αβ / size · x[j] · Σ dy·x·scale^(−β−1) over the channels whose windows have j
void response_norm_backward(int64_t rows, int64_t channels, int64_t size, double alpha, double beta, In x, WideIn scale,
                            In dy, Out dx) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const int64_t n = rows * channels;
    const Scratch scratch(n * static_cast<int64_t>(sizeof(C)));
    C* ratios = scratch.as<C>();
    launch(ratios_each<T>, blocks_for(n), kThreads, 0, n, static_cast<C>(-beta), x.as<T>(), scale.as<C>(), dy.as<T>(),
           ratios);
    launch(backward_each<T>, blocks_for(n), kThreads, 0, n, channels, size,
           static_cast<C>(2 * alpha * beta / static_cast<double>(size)), static_cast<C>(-beta), x.as<T>(),
           scale.as<C>(), dy.as<T>(), ratios, dx.as<T>());
  });
}

}  // namespace convcore::cuda
