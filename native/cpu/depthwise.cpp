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

/// f(tap row, row of x) for the rows that row `line` of y sees, both counted over all images and planes.
template <class F>
[[gnu::always_inline]] inline void for_each_input_row(const Conv& p, int64_t line, F f) {
  const Axis planes = inward(p), rows = vertical(p);
  const int64_t plane = line / p.p, image = plane / p.o;
  for (int64_t t = 0; t < p.t; ++t) {
    const int64_t d = planes.input_at(plane % p.o, t);
    if (d < 0 || d >= p.d) continue;
    for (int64_t r = 0; r < p.r; ++r) {
      const int64_t h = rows.input_at(line % p.p, r);
      if (h >= 0 && h < p.h) f(t * p.r + r, (image * p.d + d) * p.h + h);
    }
  }
}

/// f(tap row, row of y) for the rows that see row `line` of x.
template <class F>
[[gnu::always_inline]] inline void for_each_output_row(const Conv& p, int64_t line, F f) {
  const Axis planes = inward(p), rows = vertical(p);
  const int64_t plane = line / p.h, image = plane / p.d;
  for (int64_t t = 0; t < p.t; ++t) {
    const int64_t o = planes.output_at(plane % p.d, t);
    if (o < 0) continue;
    for (int64_t r = 0; r < p.r; ++r) {
      const int64_t row = rows.output_at(line % p.h, r);
      if (row >= 0) f(t * p.r + r, (image * p.o + o) * p.p + row);
    }
  }
}

/// f(tap, output column, input column) for every pair of columns that meet through a row of taps.
template <class F>
[[gnu::always_inline]] inline void for_each_column(const Axis& axis, int64_t tap_row, F f) {
  for (int64_t s = 0; s < axis.taps; ++s) {
    auto range = axis.outputs(s);
    for (int64_t q = range.begin; q < range.end; ++q) f(tap_row * axis.taps + s, q, axis.input_at(q, s));
  }
}

/// [C, taps] as [taps, C].
template <class T>
void channels_last(int64_t c, int64_t taps, const T* weight, T* to) {
  for (int64_t tap = 0; tap < taps; ++tap)
    for (int64_t i = 0; i < c; ++i) to[tap * c + i] = weight[i * taps + tap];
}

/// A row of pixels, each the bias.
template <class T>
[[gnu::always_inline]] inline void fill_row(int64_t pixels, int64_t c, const T* bias, T* to) {
  for (int64_t i = 0; i < pixels; ++i)
    for (int64_t j = 0; j < c; ++j) to[i * c + j] = bias ? bias[j] : 0;
}

}  // namespace

void depthwise(const Conv& p, In x, In weight, OptIn bias, Out y) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    Scratch scratch(weight.count * int64_t{sizeof(T)});
    T* filters = scratch.as<T>();
    channels_last(p.c, p.t * p.r * p.s, weight.as<T>(), filters);
    const Axis columns = horizontal(p);
    parallel(p.n * p.o * p.p, [&](int64_t line) {
      T* out = y.as<T>() + line * p.q * p.c;
      fill_row(p.q, p.c, bias.as<T>(), out);
      for_each_input_row(p, line, [&](int64_t tap_row, int64_t row) {
        const T* in = x.as<T>() + row * p.w * p.c;
        for_each_column(columns, tap_row, [&](int64_t tap, int64_t q, int64_t w) {
          add_product(p.c, in + w * p.c, filters + tap * p.c, out + q * p.c);
        });
      });
    });
  });
}

void depthwise_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx) {
  dispatch_float(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    Scratch scratch(weight.count * int64_t{sizeof(T)});
    T* filters = scratch.as<T>();
    channels_last(p.c, p.t * p.r * p.s, weight.as<T>(), filters);
    const Axis columns = horizontal(p);
    parallel(p.n * p.d * p.h, [&](int64_t line) {
      T* out = dx.as<T>() + line * p.w * p.c;
      fill_row(p.w, p.c, bias.as<T>(), out);
      for_each_output_row(p, line, [&](int64_t tap_row, int64_t row) {
        const T* in = dy.as<T>() + row * p.q * p.c;
        for_each_column(columns, tap_row, [&](int64_t tap, int64_t q, int64_t w) {
          add_product(p.c, in + q * p.c, filters + tap * p.c, out + w * p.c);
        });
      });
    });
  });
}

void depthwise_backward_weight(const Conv& p, In x, In dy, Out dweight) {
  dispatch_float(dweight.dtype, [&](auto zero) {
    using T = decltype(zero);
    int64_t lines = p.n * p.o * p.p, grain = lines / kChunks + 1, chunks = (lines + grain - 1) / grain;
    int64_t taps = p.t * p.r * p.s;
    Scratch scratch(chunks * dweight.count * int64_t{sizeof(T)});
    const Axis columns = horizontal(p);
    parallel_range(lines, grain, [&](int64_t begin, int64_t end) {
      T* sums = scratch.as<T>() + begin / grain * dweight.count;
      for (int64_t i = 0; i < dweight.count; ++i) sums[i] = 0;
      for (int64_t line = begin; line < end; ++line)
        for_each_input_row(p, line, [&](int64_t tap_row, int64_t row) {
          const T *in = x.as<T>() + row * p.w * p.c, *out = dy.as<T>() + line * p.q * p.c;
          for_each_column(columns, tap_row, [&](int64_t tap, int64_t q, int64_t w) {
            add_product(p.c, in + w * p.c, out + q * p.c, sums + tap * p.c);
          });
        });
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
