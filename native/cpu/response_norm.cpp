#include "elementary.h"
#include "kernels.h"
#include "reduction.h"

namespace convcore::cpu::ISA {
namespace {

/// body(row, first, count) for the channels [first, first + count) of each row, a tile at a time.
template <class Body>
[[gnu::always_inline]] inline void for_each_tile(int64_t rows, int64_t channels, Body body) {
  const int64_t tiles = divide_up(channels, kTile);
  parallel_range(rows * tiles, at_least_one(kGrain / 8 / at_least_one(lesser(channels, kTile))),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t item = begin; item < end; ++item) {
                     const int64_t first = item % tiles * kTile;
                     body(item / tiles, first, lesser(kTile, channels - first));
                   }
                 });
}

/// sums[c] = Σ term(first + c + d) over the distances d in [low, high] that stay within the channels.
template <class T, class Term>
[[gnu::always_inline]] inline void window_sums(int64_t channels, int64_t first, int64_t count, int64_t low,
                                               int64_t high, T (&sums)[kTile], Term term) {
  for (int64_t c = 0; c < count; ++c) sums[c] = 0;
  low = low < -channels ? -channels : low;
  for (int64_t d = low; d <= lesser(high, channels); ++d) {
    const int64_t begin = first + d < 0 ? -first - d : 0, end = lesser(count, channels - first - d);
    for (int64_t c = begin; c < end; ++c) sums[c] += term(first + c + d);
  }
}

template <class T>
[[gnu::always_inline]] inline T power(T base, T exponent) {
  return cpu::exp(cpu::log(base) * exponent);
}

}  // namespace

void response_norm(int64_t rows, int64_t channels, int64_t size, double alpha, double beta, double k, In x, Out y,
                   OptWideOut scale) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T weight = static_cast<T>(alpha / static_cast<double>(size)), base = static_cast<T>(k);
    const T exponent = static_cast<T>(-beta);
    for_each_tile(rows, channels, [&](int64_t row, int64_t first, int64_t count) {
      const T* from = x.as<T>() + row * channels;
      T* __restrict to = y.as<T>() + row * channels + first;
      T sums[kTile];
      window_sums(channels, first, count, -(size / 2), (size - 1) / 2, sums,
                  [&](int64_t c) { return from[c] * from[c]; });
      for (int64_t c = 0; c < count; ++c) sums[c] = base + weight * sums[c];
      for (int64_t c = 0; c < count; ++c) to[c] = from[first + c] * power(sums[c], exponent);
      if (!scale) return;
      T* kept = scale.as<T>() + row * channels + first;
      for (int64_t c = 0; c < count; ++c) kept[c] = sums[c];
    });
  });
}

// dx[j] = dy[j] · scale[j]^−β − 2αβ / size · x[j] · Σ dy·x·scale^(−β−1) over the channels whose windows have j
void response_norm_backward(int64_t rows, int64_t channels, int64_t size, double alpha, double beta, In x, WideIn scale,
                            In dy, Out dx) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T factor = static_cast<T>(2 * alpha * beta / static_cast<double>(size)), exponent = static_cast<T>(-beta);
    const Scratch scratch(rows * channels * int64_t{sizeof(T)});
    T* ratios = scratch.as<T>();
    const T *image = x.as<T>(), *scales = scale.as<T>(), *gradient = dy.as<T>();
    T* to = dx.as<T>();
    parallel_range(rows * channels, kGrain / 8, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        to[i] = gradient[i] * power(scales[i], exponent);
        ratios[i] = to[i] * image[i] / scales[i];
      }
    });
    for_each_tile(rows, channels, [&](int64_t row, int64_t first, int64_t count) {
      T sums[kTile];
      const T* ratio = ratios + row * channels;
      window_sums(channels, first, count, -((size - 1) / 2), size / 2, sums, [&](int64_t c) { return ratio[c]; });
      for (int64_t c = 0, i = row * channels + first; c < count; ++c, ++i) to[i] -= factor * image[i] * sums[c];
    });
  });
}

}  // namespace convcore::cpu::ISA
