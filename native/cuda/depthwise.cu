#include "conv.h"
#include "positions.h"
#include "reduction.h"

namespace convcore::cuda {
namespace {

/// weight: [C, R, S]. One thread per output position and some channels.
template <class T, int kWidth>
__global__ void forward_each(Places places, WindowAxis rows, WindowAxis columns, int64_t channels, const T* x,
                             const T* weight, const T* bias, T* y) {
  const int taps = rows.taps * columns.taps;
  for_each(places.count, [&](int64_t index) {
    const Place at = places.at(index);
    int row_begin, row_end, column_begin, column_end;
    rows.inside(at.i, row_begin, row_end);
    columns.inside(at.j, column_begin, column_end);
    Compute<T> sums[kWidth];
    for (int j = 0; j < kWidth; ++j) sums[j] = bias ? load(bias[at.c + j]) : Compute<T>(0);
    for (int r = row_begin; r < row_end; ++r)
      for (int s = column_begin; s < column_end; ++s) {
        const int64_t h = rows.cell(at.i, r), w = columns.cell(at.j, s);
        Channels<T, kWidth> v;
        v.read(x + ((at.n * rows.input + h) * columns.input + w) * channels + at.c);
        for (int j = 0; j < kWidth; ++j)
          sums[j] += load(v.v[j]) * load(weight[static_cast<int64_t>(at.c + j) * taps + r * columns.taps + s]);
      }
    Channels<T, kWidth> result;
    for (int j = 0; j < kWidth; ++j) result.v[j] = store<T>(sums[j]);
    result.write(y + ((at.n * rows.output + at.i) * columns.output + at.j) * channels + at.c);
  });
}

template <class T, int kWidth>
__global__ void backward_input_each(Places places, WindowAxis rows, WindowAxis columns, int64_t channels, const T* dy,
                                    const T* weight, T* dx) {
  const int taps = rows.taps * columns.taps;
  for_each(places.count, [&](int64_t index) {
    const Place at = places.at(index);
    int row_begin, row_end, column_begin, column_end;
    rows.reaching(at.i, row_begin, row_end);
    columns.reaching(at.j, column_begin, column_end);
    Compute<T> sums[kWidth] = {};
    for (int p = row_begin; p <= row_end; ++p)
      for (int q = column_begin; q <= column_end; ++q) {
        const int r = rows.tap_at(p, at.i), s = columns.tap_at(q, at.j);
        if (r < 0 || s < 0) continue;
        Channels<T, kWidth> gradient;
        gradient.read(dy + ((at.n * rows.output + p) * columns.output + q) * channels + at.c);
        for (int j = 0; j < kWidth; ++j)
          sums[j] += load(gradient.v[j]) * load(weight[static_cast<int64_t>(at.c + j) * taps + r * columns.taps + s]);
      }
    Channels<T, kWidth> result;
    for (int j = 0; j < kWidth; ++j) result.v[j] = store<T>(sums[j]);
    result.write(dx + ((at.n * rows.input + at.i) * columns.input + at.j) * channels + at.c);
  });
}

/// The products of dy and what one tap saw of x, summed down the columns of dy as a matrix [N·P·Q, C].
template <class T>
struct TapProducts {
  WindowAxis rows, columns;
  int64_t channels;
  int r, s;
  const T *x, *dy;

  __device__ void operator()(int64_t i, int64_t c, Sums<Compute<T>, 1>& sums) const {
    const int64_t position = i / channels, line = position / columns.output, n = line / rows.output;
    const int h = rows.cell(static_cast<int>(line % rows.output), r);
    const int w = columns.cell(static_cast<int>(position % columns.output), s);
    if (h < 0 || h >= rows.input || w < 0 || w >= columns.input) return;
    sums.s[0] += load(dy[i]) * load(x[((n * rows.input + h) * columns.input + w) * channels + c]);
  }
};

template <class T>
struct PutTap {
  int64_t taps, tap;
  T* dweight;
  __device__ void operator()(int64_t, int64_t c, const Sums<Compute<T>, 1>& sums) const {
    dweight[c * taps + tap] = store<T>(sums.s[0]);
  }
};

}  // namespace

namespace depthwise {

void forward(const Conv2d& p, In x, In weight, OptIn bias, Out y) {
  dispatch_storage(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(x.as<T>(), y.as<T>()), [&](auto width) {
      const Places places(p.n, p.p, p.q, p.c, width);
      launch(forward_each<T, width>, blocks_for(places.count), kThreads, 0, places, vertical(p), horizontal(p), p.c,
             x.as<T>(), weight.as<T>(), bias.as<T>(), y.as<T>());
    });
  });
}

void backward_input(const Conv2d& p, In dy, In weight, Out dx) {
  dispatch_storage(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(dy.as<T>(), dx.as<T>()), [&](auto width) {
      const Places places(p.n, p.h, p.w, p.c, width);
      launch(backward_input_each<T, width>, blocks_for(places.count), kThreads, 0, places, vertical(p), horizontal(p),
             p.c, dy.as<T>(), weight.as<T>(), dx.as<T>());
    });
  });
}

void backward_weight(const Conv2d& p, In x, In dy, Out dweight) {
  dispatch_storage(dweight.dtype, [&](auto zero) {
    using T = decltype(zero);
    const WindowAxis rows = vertical(p), columns = horizontal(p);
    for (int r = 0; r < rows.taps; ++r)
      for (int s = 0; s < columns.taps; ++s)
        column_reduction<Sums<Compute<T>, 1>>(
            1, p.n * p.p * p.q, p.c, TapProducts<T>{rows, columns, p.c, r, s, x.as<T>(), dy.as<T>()},
            PutTap<T>{p.r * p.s, static_cast<int64_t>(r) * columns.taps + s, dweight.as<T>()});
  });
}

}  // namespace depthwise
}  // namespace convcore::cuda
