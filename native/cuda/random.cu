#include <cmath>

#include "../normal.h"
#include "../philox.h"
#include "kernels.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

template <class C>
constexpr int kPerBlock = 16 / sizeof(C);  // elements that one Philox block gives

/// Uniform in [0, 1), from the Philox block `counter`.
__device__ __forceinline__ void draw(uint64_t seed, uint64_t counter, float (&u)[4]) {
  const Philox4 words = philox(seed, counter);
  for (int i = 0; i < 4; ++i) u[i] = unit_float(words.v[i]);
}
__device__ __forceinline__ void draw(uint64_t seed, uint64_t counter, double (&u)[2]) {
  const Philox4 words = philox(seed, counter);
  for (int i = 0; i < 2; ++i) u[i] = unit_double(words.v[2 * i], words.v[2 * i + 1]);
}

template <class C>
struct Uniform {
  C base, range, limit;
  __device__ void operator()(C (&u)[kPerBlock<C>]) const {
    for (C& each : u) {
      const C v = base + range * each;
      each = v < limit ? v : limit;
    }
  }
};

template <class C>
struct Normal {
  C mean, std;
  __device__ void operator()(C (&u)[kPerBlock<C>]) const {
    for (int i = 0; i < kPerBlock<C>; i += 2) {
      const Pair<C> z = normal_pair(u[i], u[i + 1]);
      u[i] = mean + std * z.first;
      u[i + 1] = mean + std * z.second;
    }
  }
};

/// What dropout multiplies an element by.
template <class C>
struct Mask {
  C p, scale;
  __device__ C operator()(C u) const { return u >= p ? scale : C(0); }
};

/// One thread per Philox block.
template <class T, class F>
__global__ void fill_blocks(int64_t n, uint64_t seed, uint64_t offset, F f, T* y) {
  using C = Compute<T>;
  constexpr int width = kPerBlock<C>;
  for_each((n + width - 1) / width, [&](int64_t block) {
    C u[width];
    draw(seed, offset + block, u);
    f(u);
    for (int i = 0; i < width; ++i)
      if (block * width + i < n) y[block * width + i] = store<T>(u[i]);
  });
}

template <class T>
__global__ void drop_blocks(int64_t n, uint64_t seed, uint64_t offset, Mask<Compute<T>> mask, const T* x, T* y) {
  using C = Compute<T>;
  constexpr int width = kPerBlock<C>;
  for_each((n + width - 1) / width, [&](int64_t block) {
    C u[width];
    draw(seed, offset + block, u);
    for (int i = 0; i < width; ++i)
      if (block * width + i < n) y[block * width + i] = store<T>(load(x[block * width + i]) * mask(u[i]));
  });
}

/// x and y are [outer][inner][channels] in memory and [outer][channels][inner] to the generator.
template <class T>
__global__ void drop_image(int64_t n, int64_t channels, int64_t inner, uint64_t seed, uint64_t offset,
                           Mask<Compute<T>> mask, const T* x, T* y) {
  using C = Compute<T>;
  constexpr int width = kPerBlock<C>;
  for_each(n, [&](int64_t i) {
    const int64_t pixel = i / channels, logical = (pixel / inner * channels + i % channels) * inner + pixel % inner;
    C u[width];
    draw(seed, offset + logical / width, u);
    C mine = u[0];
    for (int j = 1; j < width; ++j) mine = logical % width == j ? u[j] : mine;
    y[i] = store<T>(load(x[i]) * mask(mine));
  });
}

/// As drop_image, where whole Philox blocks lie in one channel: one thread per block, neighbours in neighbouring
/// channels.
template <class T>
__global__ void drop_image_blocks(int64_t n, int64_t channels, int64_t inner, uint64_t seed, uint64_t offset,
                                  Mask<Compute<T>> mask, const T* x, T* y) {
  using C = Compute<T>;
  constexpr int width = kPerBlock<C>;
  const int64_t blocks = inner / width;
  for_each(n / width, [&](int64_t i) {
    const int64_t c = i % channels, block = i / channels % blocks, o = i / channels / blocks;
    C u[width];
    draw(seed, offset + (o * channels + c) * blocks + block, u);
    for (int j = 0; j < width; ++j) {
      const int64_t at = (o * inner + block * width + j) * channels + c;
      y[at] = store<T>(load(x[at]) * mask(u[j]));
    }
  });
}

template <class T, class F>
void fill_random(int64_t n, int64_t seed, int64_t offset, F f, const Out& y) {
  launch(fill_blocks<T, F>, blocks_for((n + 1) / kPerBlock<Compute<T>> + 1), kThreads, 0, n, seed, offset, f,
         y.as<T>());
}

}  // namespace

void uniform(int64_t n, int64_t seed, int64_t offset, double low, double high, Out y) {
  dispatch_storage(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const C base = static_cast<C>(low), top = static_cast<C>(high), range = static_cast<C>(high - low);
    const C limit = base < top ? std::nextafter(top, base) : top;  // rounding must not reach `high`
    fill_random<T>(n, seed, offset, Uniform<C>{base, range, limit}, y);
  });
}

void normal(int64_t n, int64_t seed, int64_t offset, double mean, double std, Out y) {
  dispatch_storage(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    fill_random<T>(n, seed, offset, Normal<C>{static_cast<C>(mean), static_cast<C>(std)}, y);
  });
}

void dropout(int64_t outer, int64_t channels, int64_t inner, int64_t seed, int64_t offset, double p, In x, Out y) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const Mask<C> mask{static_cast<C>(p), static_cast<C>(1 / (1 - p))};
    const int64_t n = outer * channels * inner;
    const T* from = x.as<T>();
    if (channels == 1 || inner == 1)
      launch(drop_blocks<T>, blocks_for(n / kPerBlock<C> + 1), kThreads, 0, n, seed, offset, mask, from, y.as<T>());
    else if (inner % kPerBlock<C> == 0)
      launch(drop_image_blocks<T>, blocks_for(n / kPerBlock<C>), kThreads, 0, n, channels, inner, seed, offset, mask,
             from, y.as<T>());
    else
      launch(drop_image<T>, blocks_for(n), kThreads, 0, n, channels, inner, seed, offset, mask, from, y.as<T>());
  });
}

}  // namespace convcore::cuda
