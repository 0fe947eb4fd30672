#include "conv.h"
#include "positions.h"
#include "reduction.h"

namespace convcore::cuda {
namespace {

/// weight: [C, T, R, S]. One thread per output position and some channels; `places` takes planes for images.
template <class T, int kWidth>
__global__ void forward_each(Places places, Axes axes, int64_t taps, int64_t channels, const T* x, const T* weight,
                             const T* bias, T* y) {
  const WindowAxis &planes = axes.planes, &rows = axes.rows, &columns = axes.columns;
  for_each(places.count, [&](int64_t index) {
    const Place at = places.at(index);
    const int64_t image = planes.output == 1 ? at.n : at.n / planes.output;
    const int plane = static_cast<int>(at.n - image * planes.output);
    int plane_begin, plane_end, row_begin, row_end, column_begin, column_end;
    planes.inside(plane, plane_begin, plane_end);
    rows.inside(at.i, row_begin, row_end);
    columns.inside(at.j, column_begin, column_end);
    Compute<T> sums[kWidth];
    for (int j = 0; j < kWidth; ++j) sums[j] = bias ? load(bias[at.c + j]) : Compute<T>(0);
    for (int t = plane_begin; t < plane_end; ++t)
      for (int r = row_begin; r < row_end; ++r)
        for (int s = column_begin; s < column_end; ++s) {
          Channels<T, kWidth> v;
          v.read(x + axes.cell(image, planes.cell(plane, t), rows.cell(at.i, r), columns.cell(at.j, s)) * channels +
                 at.c);
          const int64_t tap = axes.tap(t, r, s);
          for (int j = 0; j < kWidth; ++j) sums[j] += load(v.v[j]) * load(weight[(at.c + j) * taps + tap]);
        }
    Channels<T, kWidth> result;
    for (int j = 0; j < kWidth; ++j) result.v[j] = store<T>(sums[j]);
    result.write(y + ((at.n * rows.output + at.i) * columns.output + at.j) * channels + at.c);
  });
}

template <class T, int kWidth>
__global__ void backward_input_each(Places places, Axes axes, int64_t taps, int64_t channels, const T* dy,
                                    const T* weight, const T* bias, T* dx) {
  const WindowAxis &planes = axes.planes, &rows = axes.rows, &columns = axes.columns;
  for_each(places.count, [&](int64_t index) {
    const Place at = places.at(index);
    const int64_t image = planes.input == 1 ? at.n : at.n / planes.input;
    const int plane = static_cast<int>(at.n - image * planes.input);
    int plane_begin, plane_end, row_begin, row_end, column_begin, column_end;
    planes.reaching(plane, plane_begin, plane_end);
    rows.reaching(at.i, row_begin, row_end);
    columns.reaching(at.j, column_begin, column_end);
    Compute<T> sums[kWidth];
    for (int j = 0; j < kWidth; ++j) sums[j] = bias ? load(bias[at.c + j]) : Compute<T>(0);
    for (int o = plane_begin; o <= plane_end; ++o)
      for (int p = row_begin; p <= row_end; ++p)
        for (int q = column_begin; q <= column_end; ++q) {
          const int t = planes.tap_at(o, plane), r = rows.tap_at(p, at.i), s = columns.tap_at(q, at.j);
          if (t < 0 || r < 0 || s < 0) continue;
          Channels<T, kWidth> gradient;
          gradient.read(dy + axes.position(image, o, p, q) * channels + at.c);
          const int64_t tap = axes.tap(t, r, s);
          for (int j = 0; j < kWidth; ++j) sums[j] += load(gradient.v[j]) * load(weight[(at.c + j) * taps + tap]);
        }
    Channels<T, kWidth> result;
    for (int j = 0; j < kWidth; ++j) result.v[j] = store<T>(sums[j]);
    result.write(dx + ((at.n * rows.input + at.i) * columns.input + at.j) * channels + at.c);
  });
}

/// The products of dy and what one tap saw of x, summed down the columns of dy as a matrix [N·O·P·Q, C].
template <class T>
struct TapProducts {
  Axes axes;
  int64_t channels;
  int t, r, s;
  const T *x, *dy;

  __device__ void operator()(int64_t i, int64_t c, Sums<Compute<T>, 1>& sums) const {
    const WindowAxis &planes = axes.planes, &rows = axes.rows, &columns = axes.columns;
    const int64_t position = i / channels;
    const Line at = line_at(position / columns.output, planes.output, rows.output);
    const int d = planes.cell(at.plane, t), h = rows.cell(at.row, r);
    const int w = columns.cell(static_cast<int>(position % columns.output), s);
    if (axes.holds(d, h, w)) sums.s[0] += load(dy[i]) * load(x[axes.cell(at.image, d, h, w) * channels + c]);
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

void forward(const Conv& p, In x, In weight, OptIn bias, Out y) {
  dispatch_storage(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(x.as<T>(), y.as<T>()), [&](auto width) {
      const Places places(p.n * p.o, p.p, p.q, p.c, width);
      launch(forward_each<T, width>, blocks_for(places.count), kThreads, 0, places, Axes(p), p.t * p.r * p.s, p.c,
             x.as<T>(), weight.as<T>(), bias.as<T>(), y.as<T>());
    });
  });
}

void backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx) {
  dispatch_storage(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(dy.as<T>(), dx.as<T>()), [&](auto width) {
      const Places places(p.n * p.d, p.h, p.w, p.c, width);
      launch(backward_input_each<T, width>, blocks_for(places.count), kThreads, 0, places, Axes(p), p.t * p.r * p.s,
             p.c, dy.as<T>(), weight.as<T>(), bias.as<T>(), dx.as<T>());
    });
  });
}

void backward_weight(const Conv& p, In x, In dy, Out dweight) {
  dispatch_storage(dweight.dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t taps = p.t * p.r * p.s;
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int t = static_cast<int>(tap / p.s / p.r), r = static_cast<int>(tap / p.s % p.r);
      const TapProducts<T> products{Axes(p), p.c, t, r, static_cast<int>(tap % p.s), x.as<T>(), dy.as<T>()};
      column_reduction<Sums<Compute<T>, 1>>(1, p.n * p.o * p.p * p.q, p.c, products,
                                            PutTap<T>{taps, tap, dweight.as<T>()});
    }
  });
}

}  // namespace depthwise
}  // namespace convcore::cuda
