#include <cmath>

#include "../normal.h"
#include "../philox.h"
#include "kernels.h"

namespace convcore::cpu::ISA {
namespace {

template <class T>
constexpr int64_t kPerBlock = 16 / sizeof(T);  // elements that one Philox block gives
template <class T>
constexpr int64_t kBatch = 64 * kPerBlock<T>;

int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// u[0, kPerBlock * blocks): uniform in [0, 1), from the Philox blocks that start at `counter`.
void draw(uint64_t seed, uint64_t counter, int64_t blocks, float* u) {
  for (int64_t b = 0; b < blocks; ++b) {
    const Philox4 words = philox(seed, counter + b);
    for (int i = 0; i < 4; ++i) u[4 * b + i] = unit_float(words.v[i]);
  }
}

void draw(uint64_t seed, uint64_t counter, int64_t blocks, double* u) {
  for (int64_t b = 0; b < blocks; ++b) {
    const Philox4 words = philox(seed, counter + b);
    for (int i = 0; i < 2; ++i) u[2 * b + i] = unit_double(words.v[2 * i], words.v[2 * i + 1]);
  }
}

/// f(u, begin, count) for batches of elements [begin, begin + count) with their uniforms, in parallel. u has room for
/// a whole block more than `count` asks for.
template <class T, class F>
void for_batches(int64_t n, uint64_t seed, uint64_t offset, F f) {
  parallel_range(n, 64 * kBatch<T>, [=](int64_t begin, int64_t end) {
    alignas(64) T u[kBatch<T>];
    for (; begin < end; begin += kBatch<T>) {
      const int64_t count = min(kBatch<T>, end - begin);
      draw(seed, offset + begin / kPerBlock<T>, divide_up(count, kPerBlock<T>), u);
      f(u, begin, count);
    }
  });
}

/// What dropout multiplies an element by.
template <class T>
struct Mask {
  T p, scale;
  [[gnu::always_inline]] T operator()(T u) const { return u >= p ? scale : T(0); }
};

/// x and y are [outer][inner][channels] in memory and [outer][channels][inner] to the generator, so the mask is drawn
/// channel by channel and used position by position, one tile at a time.
template <class T>
void drop_image(int64_t outer, int64_t channels, int64_t inner, uint64_t seed, uint64_t offset, Mask<T> mask,
                const T* x, T* y) {
  constexpr int64_t kChannels = 64 / sizeof(T), kPositions = kBatch<T> - kPerBlock<T>;
  const int64_t across = divide_up(channels, kChannels), down = divide_up(inner, kPositions);
  parallel_range(outer * down * across, 4, [=](int64_t begin, int64_t end) {
    alignas(64) T u[kBatch<T>], factor[kPositions][kChannels];
    const Mask<T> factor_of = mask;  // a copy that u cannot alias
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t o = tile / across / down, i0 = tile / across % down * kPositions, c0 = tile % across * kChannels;
      const int64_t positions = min(kPositions, inner - i0), width = min(kChannels, channels - c0);
      for (int64_t c = 0; c < width; ++c) {
        const int64_t first = (o * channels + c0 + c) * inner + i0, skip = first % kPerBlock<T>;
        draw(seed, offset + first / kPerBlock<T>, divide_up(skip + positions, kPerBlock<T>), u);
        for (int64_t i = 0; i < skip + positions; ++i) u[i] = factor_of(u[i]);
        for (int64_t i = 0; i < positions; ++i) factor[i][c] = u[skip + i];
      }
      for (int64_t i = 0; i < positions; ++i) {
        const int64_t at = (o * inner + i0 + i) * channels + c0;
        for (int64_t c = 0; c < width; ++c) y[at + c] = x[at + c] * factor[i][c];
      }
    }
  });
}

}  // namespace

void uniform(int64_t n, int64_t seed, int64_t offset, double low, double high, Out y) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* out = y.as<T>();
    const T base = static_cast<T>(low), top = static_cast<T>(high), range = static_cast<T>(high - low);
    const T limit = base < top ? std::nextafter(top, base) : top;  // rounding must not reach `high`
    for_batches<T>(n, seed, offset, [=](const T* u, int64_t begin, int64_t count) {
      for (int64_t i = 0; i < count; ++i) {
        const T v = base + range * u[i];
        out[begin + i] = v < limit ? v : limit;
      }
    });
  });
}

void normal(int64_t n, int64_t seed, int64_t offset, double mean, double std, Out y) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* out = y.as<T>();
    const T m = static_cast<T>(mean), s = static_cast<T>(std);
    for_batches<T>(n, seed, offset, [=](const T* u, int64_t begin, int64_t count) {
      const int64_t pairs = count / 2;
      for (int64_t i = 0; i < pairs; ++i) {
        const Pair<T> z = normal_pair(u[2 * i], u[2 * i + 1]);
        out[begin + 2 * i] = m + s * z.first;
        out[begin + 2 * i + 1] = m + s * z.second;
      }
      if (count % 2) out[begin + count - 1] = m + s * normal_pair(u[count - 1], u[count]).first;
    });
  });
}

void dropout(int64_t outer, int64_t channels, int64_t inner, int64_t seed, int64_t offset, double p, In x, Out y) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Mask<T> mask{static_cast<T>(p), static_cast<T>(1 / (1 - p))};
    const T* in = x.as<T>();
    T* out = y.as<T>();
    if (channels > 1 && inner > 1) return drop_image(outer, channels, inner, seed, offset, mask, in, out);
    for_batches<T>(outer * channels * inner, seed, offset, [=](const T* u, int64_t begin, int64_t count) {
      for (int64_t i = 0; i < count; ++i) out[begin + i] = in[begin + i] * mask(u[i]);
    });
  });
}

}  // namespace convcore::cpu::ISA
