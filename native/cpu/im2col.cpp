// Columns in the logical order: one row per (n, p, q), one column per (c, r, s). Images are channels-last.
#include "axis.h"
#include "kernels.h"

namespace convcore::cpu::ISA {

void im2col(const Im2col& p, In x, Out columns) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    Axis vertical_axis = vertical(p), horizontal_axis = horizontal(p);
    int64_t taps = p.r * p.s;
    parallel(p.n * p.p, [&](int64_t line) {
      T* to = columns.as<T>() + line * p.q * p.c * taps;
      for (int64_t q = 0; q < p.q; ++q, to += p.c * taps)
        for (int64_t tap = 0; tap < taps; ++tap) {
          int64_t h = vertical_axis.input_at(line % p.p, tap / p.s), w = horizontal_axis.input_at(q, tap % p.s);
          bool inside = h >= 0 && h < p.h && w >= 0 && w < p.w;
          const T* from = x.as<T>() + (inside ? ((line / p.p * p.h + h) * p.w + w) * p.c : 0);
          for (int64_t c = 0; c < p.c; ++c) to[c * taps + tap] = inside ? from[c] : 0;
        }
    });
  });
}

void col2im(const Im2col& p, In columns, Out x) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    Axis vertical_axis = vertical(p), horizontal_axis = horizontal(p);
    int64_t taps = p.r * p.s, width = p.c * taps;
    parallel(p.n * p.h, [&](int64_t line) {
      T* to = x.as<T>() + line * p.w * p.c;
      for (int64_t i = 0; i < p.w * p.c; ++i) to[i] = 0;
      for (int64_t r = 0; r < p.r; ++r) {
        int64_t row = vertical_axis.output_at(line % p.h, r);
        if (row < 0) continue;
        const T* from = columns.as<T>() + (line / p.h * p.p + row) * p.q * width;
        for (int64_t s = 0; s < p.s; ++s) {
          auto range = horizontal_axis.outputs(s);
          for (int64_t q = range.begin; q < range.end; ++q)
            for (int64_t c = 0; c < p.c; ++c)
              to[horizontal_axis.input_at(q, s) * p.c + c] += from[q * width + c * taps + r * p.s + s];
        }
      }
    });
  });
}

}  // namespace convcore::cpu::ISA
