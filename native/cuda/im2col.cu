// Columns in the logical order: one row per (n, p, q), one column per (c, r, s). Images are channels-last.
#include "kernels.h"
#include "positions.h"

namespace convcore::cuda {
namespace {

template <class T>
__global__ void im2col_each(int64_t total, WindowAxis rows, WindowAxis columns, int64_t c, const T* x, T* to) {
  const int64_t taps = static_cast<int64_t>(rows.taps) * columns.taps, width = c * taps;
  for_each(total, [&](int64_t i) {
    const int64_t position = i / width, in_row = i % width, channel = in_row / taps, tap = in_row % taps;
    const int64_t line = position / columns.output, image = line / rows.output;
    const int h = rows.cell(static_cast<int>(line % rows.output), static_cast<int>(tap / columns.taps));
    const int w = columns.cell(static_cast<int>(position % columns.output), static_cast<int>(tap % columns.taps));
    const bool inside = h >= 0 && h < rows.input && w >= 0 && w < columns.input;
    to[i] = inside ? x[((image * rows.input + h) * columns.input + w) * c + channel] : T(0.0f);
  });
}

/// Every cell of the image gathers what the windows that reach it hold of it.
template <class T>
__global__ void col2im_each(int64_t total, WindowAxis rows, WindowAxis columns, int64_t c, const T* from, T* x) {
  const int64_t taps = static_cast<int64_t>(rows.taps) * columns.taps, width = c * taps;
  for_each(total, [&](int64_t i) {
    const int64_t pixel = i / c, channel = i % c, image = pixel / columns.input / rows.input;
    const int h = static_cast<int>(pixel / columns.input % rows.input), w = static_cast<int>(pixel % columns.input);
    int row_begin, row_end, column_begin, column_end;
    rows.reaching(h, row_begin, row_end);
    columns.reaching(w, column_begin, column_end);
    Compute<T> sum = 0;
    for (int p = row_begin; p <= row_end; ++p)
      for (int q = column_begin; q <= column_end; ++q) {
        const int r = rows.tap_at(p, h), s = columns.tap_at(q, w);
        if (r < 0 || s < 0) continue;
        const int64_t position = (image * rows.output + p) * columns.output + q;
        sum += load(from[position * width + channel * taps + static_cast<int64_t>(r) * columns.taps + s]);
      }
    x[i] = store<T>(sum);
  });
}

}  // namespace

void im2col(const Im2col& p, In x, Out columns) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t total = p.columns();
    launch(im2col_each<T>, blocks_for(total), kThreads, 0, total, vertical(p), horizontal(p), p.c,
           static_cast<const T*>(x.as<T>()), columns.as<T>());
  });
}

void col2im(const Im2col& p, In columns, Out x) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t total = p.x();
    launch(col2im_each<T>, blocks_for(total), kThreads, 0, total, vertical(p), horizontal(p), p.c,
           static_cast<const T*>(columns.as<T>()), x.as<T>());
  });
}

}  // namespace convcore::cuda
