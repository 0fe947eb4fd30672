#include "depthwise.h"

#include "../scratch.h"
#include "axis.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kChunks = 64;  // of the lines whose sums make dweight

template <class T>
[[gnu::always_inline]] inline void add_product(int64_t n, const T* a, const T* b, T* __restrict sum) {
  for (int64_t c = 0; c < n; ++c) sum[c] += a[c] * b[c];
}

/// f(tap, output column, input column) for every pair of columns that meet through row r of the window.
template <class F>
[[gnu::always_inline]] inline void for_each_column(const Axis& axis, int64_t r, F f) {
  for (int64_t s = 0; s < axis.taps; ++s) {
    auto range = axis.outputs(s);
    for (int64_t q = range.begin; q < range.end; ++q) f(r * axis.taps + s, q, axis.input_at(q, s));
  }
}

/// [C, R·S] as [R·S, C].
template <class T>
void channels_last(const Conv2d& p, const T* weight, T* to) {
  for (int64_t tap = 0; tap < p.r * p.s; ++tap)
    for (int64_t c = 0; c < p.c; ++c) to[tap * p.c + c] = weight[c * p.r * p.s + tap];
}

}  // namespace

void depthwise(const Conv2d& p, In x, In weight, OptIn bias, Out y) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    Scratch scratch(weight.count * int64_t{sizeof(T)});
    T* filters = scratch.as<T>();
    channels_last(p, weight.as<T>(), filters);
    Axis rows = vertical(p), columns = horizontal(p);
    parallel(p.n * p.p, [&](int64_t line) {
      T* out = y.as<T>() + line * p.q * p.c;
      for (int64_t q = 0; q < p.q; ++q)
        for (int64_t c = 0; c < p.c; ++c) out[q * p.c + c] = bias ? bias.as<T>()[c] : 0;
      for (int64_t r = 0; r < p.r; ++r) {
        int64_t h = rows.input_at(line % p.p, r);
        if (h < 0 || h >= p.h) continue;
        const T* in = x.as<T>() + (line / p.p * p.h + h) * p.w * p.c;
        for_each_column(columns, r, [&](int64_t tap, int64_t q, int64_t w) {
          add_product(p.c, in + w * p.c, filters + tap * p.c, out + q * p.c);
        });
      }
    });
  });
}

void depthwise_backward_input(const Conv2d& p, In dy, In weight, Out dx) {
  dispatch_float(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    Scratch scratch(weight.count * int64_t{sizeof(T)});
    T* filters = scratch.as<T>();
    channels_last(p, weight.as<T>(), filters);
    Axis rows = vertical(p), columns = horizontal(p);
    parallel(p.n * p.h, [&](int64_t line) {
      T* out = dx.as<T>() + line * p.w * p.c;
      for (int64_t i = 0; i < p.w * p.c; ++i) out[i] = 0;
      for (int64_t r = 0; r < p.r; ++r) {
        int64_t row = rows.output_at(line % p.h, r);
        if (row < 0) continue;
        const T* in = dy.as<T>() + (line / p.h * p.p + row) * p.q * p.c;
        for_each_column(columns, r, [&](int64_t tap, int64_t q, int64_t w) {
          add_product(p.c, in + q * p.c, filters + tap * p.c, out + w * p.c);
        });
      }
    });
  });
}

void depthwise_backward_weight(const Conv2d& p, In x, In dy, Out dweight) {
  dispatch_float(dweight.dtype, [&](auto zero) {
    using T = decltype(zero);
    int64_t lines = p.n * p.p, grain = lines / kChunks + 1, chunks = (lines + grain - 1) / grain, taps = p.r * p.s;
    Scratch scratch(chunks * dweight.count * int64_t{sizeof(T)});
    Axis rows = vertical(p), columns = horizontal(p);
    parallel_range(lines, grain, [&](int64_t begin, int64_t end) {
      T* sums = scratch.as<T>() + begin / grain * dweight.count;
      for (int64_t i = 0; i < dweight.count; ++i) sums[i] = 0;
      for (int64_t line = begin; line < end; ++line)
        for (int64_t r = 0; r < p.r; ++r) {
          int64_t h = rows.input_at(line % p.p, r);
          if (h < 0 || h >= p.h) continue;
          const T* in = x.as<T>() + (line / p.p * p.h + h) * p.w * p.c;
          const T* out = dy.as<T>() + line * p.q * p.c;
          for_each_column(columns, r, [&](int64_t tap, int64_t q, int64_t w) {
            add_product(p.c, in + w * p.c, out + q * p.c, sums + tap * p.c);
          });
        }
    });
    for (int64_t c = 0; c < p.c; ++c)
      for (int64_t tap = 0; tap < taps; ++tap) {
        T sum = 0;
        for (int64_t i = 0; i < chunks; ++i) sum += scratch.as<T>()[i * dweight.count + tap * p.c + c];
        dweight.as<T>()[c * taps + tap] = sum;
      }
  });
}

}  // namespace convcore::cpu::ISA
