#include "conv.h"
#include "gemm.h"
#include "numeric.h"
#include "positions.h"

namespace convcore::cuda {
namespace {

constexpr int64_t kMaxBytes = int64_t{256} << 20;  // of columns at a time

/// Columns here run (group, t, r, s, c) as the filters lie, so that each group's are a matrix of their own within a
/// row.
template <class T>
__global__ void patches(int64_t total, Axes axes, int64_t taps, int64_t c, int64_t group_c, const T* x, T* to) {
  const WindowAxis &planes = axes.planes, &rows = axes.rows, &columns = axes.columns;
  const int64_t width = taps * c;
  for_each(total, [&](int64_t i) {
    const int64_t position = i / width, in_row = i % width, group = in_row / (taps * group_c);
    const int64_t in_group = in_row % (taps * group_c), tap = in_group / group_c;
    const int64_t channel = group * group_c + in_group % group_c;
    const Line at = line_at(position / columns.output, planes.output, rows.output);
    const Line of = line_at(tap / columns.taps, planes.taps, rows.taps);
    const int d = planes.cell(at.plane, of.plane), h = rows.cell(at.row, of.row);
    const int w = columns.cell(static_cast<int>(position % columns.output), static_cast<int>(tap % columns.taps));
    to[i] = axes.holds(d, h, w) ? x[axes.cell(at.image, d, h, w) * c + channel] : T(0.0f);
  });
}

/// The adjoint: every cell of the image gathers what the windows that reach it hold of it.
template <class T>
__global__ void gather_patches(int64_t total, Axes axes, int64_t taps, int64_t c, int64_t group_c, const T* from,
                               const T* bias, T* dx) {
  const WindowAxis &planes = axes.planes, &rows = axes.rows, &columns = axes.columns;
  const int64_t width = taps * c;
  for_each(total, [&](int64_t i) {
    const int64_t pixel = i / c, channel = i % c;
    const Line line = line_at(pixel / columns.input, planes.input, rows.input);
    const int w = static_cast<int>(pixel % columns.input);
    const int64_t in_row = channel / group_c * taps * group_c + channel % group_c;
    int plane_begin, plane_end, row_begin, row_end, column_begin, column_end;
    planes.reaching(line.plane, plane_begin, plane_end);
    rows.reaching(line.row, row_begin, row_end);
    columns.reaching(w, column_begin, column_end);
    Compute<T> sum = bias ? load(bias[channel]) : Compute<T>(0);
    for (int o = plane_begin; o <= plane_end; ++o)
      for (int p = row_begin; p <= row_end; ++p)
        for (int q = column_begin; q <= column_end; ++q) {
          const int t = planes.tap_at(o, line.plane), r = rows.tap_at(p, line.row), s = columns.tap_at(q, w);
          if (t < 0 || r < 0 || s < 0) continue;
          sum += load(from[axes.position(line.image, o, p, q) * width + in_row + axes.tap(t, r, s) * group_c]);
        }
    dx[i] = store<T>(sum);
  });
}

int64_t cells(const Conv& p) { return p.d * p.h * p.w; }
int64_t positions(const Conv& p) { return p.o * p.p * p.q; }
int64_t taps(const Conv& p) { return p.t * p.r * p.s; }

int64_t bytes_per_image(const Conv& p, size_t size) {
  return product(p.o, p.p, p.q, p.c, p.t, p.r, p.s, static_cast<int64_t>(size));
}

/// f(first image, part) for stretches of images whose columns stay within the bound.
template <class F>
void for_stretches(const Conv& p, size_t size, F f) {
  const int64_t bytes = bytes_per_image(p, size);
  int64_t step = bytes > 0 && !is_pointwise(p) ? kMaxBytes / bytes : p.n;
  if (step < 1) step = 1;
  int64_t first = 0;
  do {
    Conv part = p;
    part.n = p.n - first < step ? p.n - first : step;
    f(first, part);
    first += step;
  } while (first < p.n);
}

/// Memory for columns; none when the image itself can stand for them.
template <class T>
int64_t column_bytes(const Conv& part) {
  return is_pointwise(part) ? 0 : part.columns() * static_cast<int64_t>(sizeof(T));
}

/// The columns of x: x itself, or made in `scratch`.
template <class T>
const T* columns_of(const Conv& part, const T* x, const Scratch& scratch) {
  if (is_pointwise(part)) return x;
  const int64_t total = part.columns();
  launch(patches<T>, blocks_for(total), kThreads, 0, total, Axes(part), taps(part), part.c, part.c / part.groups, x,
         scratch.as<T>());
  return scratch.as<T>();
}

}  // namespace

namespace columns {

bool takes(const Conv& p, DType dtype) {
  const int64_t bytes = bytes_per_image(p, size_of(dtype));
  return is_pointwise(p) || (bytes >= 0 && bytes <= kMaxBytes);
}

void forward(const Conv& p, In x, In weight, OptIn bias, Out y) {
  dispatch_storage(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t filters = p.k / p.groups, depth = taps(p) * (p.c / p.groups);
    for_stretches(p, sizeof(T), [&](int64_t first, const Conv& part) {
      const Scratch scratch(column_bytes<T>(part));
      const T* rows = columns_of(part, static_cast<const T*>(x.as<T>()) + first * cells(p) * p.c, scratch);
      for (int64_t group = 0; group < p.groups; ++group) {
        Gemm g{};
        g.dtype = y.dtype;
        g.batch = 1;
        g.m = part.n * positions(p);
        g.n = filters;
        g.k = depth;
        g.transpose_b = true;
        g.a = rows + group * depth;
        g.row_a = depth * p.groups;
        g.b = weight.as<T>() + group * filters * depth;
        g.row_b = depth;
        g.bias = bias ? bias.as<T>() + group * filters : nullptr;
        g.y = y.as<T>() + first * positions(p) * p.k + group * filters;
        g.row_y = p.k;
        gemm(g);
      }
    });
  });
}

void backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx) {
  dispatch_storage(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t filters = p.k / p.groups, depth = taps(p) * (p.c / p.groups);
    for_stretches(p, sizeof(T), [&](int64_t first, const Conv& part) {
      const Scratch scratch(column_bytes<T>(part));
      T* images = dx.as<T>() + first * cells(p) * p.c;
      T* rows = is_pointwise(p) ? images : scratch.as<T>();
      for (int64_t group = 0; group < p.groups; ++group) {
        Gemm g{};
        g.dtype = dx.dtype;
        g.batch = 1;
        g.m = part.n * positions(p);
        g.n = depth;
        g.k = filters;
        g.a = dy.as<T>() + first * positions(p) * p.k + group * filters;
        g.row_a = p.k;
        g.b = weight.as<T>() + group * filters * depth;
        g.row_b = depth;
        g.bias = bias && is_pointwise(p) ? bias.as<T>() + group * depth : nullptr;
        g.y = rows + group * depth;
        g.row_y = depth * p.groups;
        gemm(g);
      }
      if (is_pointwise(p)) return;
      const int64_t total = part.x();
      launch(gather_patches<T>, blocks_for(total), kThreads, 0, total, Axes(part), taps(p), p.c, p.c / p.groups,
             static_cast<const T*>(rows), static_cast<const T*>(bias.as<T>()), images);
    });
  });
}

void backward_weight(const Conv& p, In x, In dy, Out dweight) {
  dispatch_storage(dweight.dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t filters = p.k / p.groups, depth = taps(p) * (p.c / p.groups);
    for_stretches(p, sizeof(T), [&](int64_t first, const Conv& part) {
      const Scratch scratch(column_bytes<T>(part));
      const T* rows = columns_of(part, static_cast<const T*>(x.as<T>()) + first * cells(p) * p.c, scratch);
      for (int64_t group = 0; group < p.groups; ++group) {
        Gemm g{};
        g.dtype = dweight.dtype;
        g.batch = 1;
        g.m = filters;
        g.n = depth;
        g.k = part.n * positions(p);
        g.transpose_a = true;
        g.a = dy.as<T>() + first * positions(p) * p.k + group * filters;
        g.row_a = p.k;
        g.b = rows + group * depth;
        g.row_b = depth * p.groups;
        g.y = dweight.as<T>() + group * filters * depth;
        g.row_y = depth;
        g.accumulate = first > 0;
        gemm(g);
      }
    });
  });
}

}  // namespace columns
}  // namespace convcore::cuda
