#include <limits>
#include <type_traits>

#include "kernels.h"
#include "positions.h"

namespace convcore::cuda {
namespace {

/// The cells of one window along one axis: first, first + step and so on.
struct Cells {
  int first, step, count;
};

/// One axis of pooling; `last` is where the padding after the image ends.
struct Side : WindowAxis {
  bool adaptive;
  int64_t last;

  Side(const PoolAxis& p, bool adaptive)
      : WindowAxis(axis(p.input, p.output, p.taps, p.stride, p.pad_before, p.dilation)),
        adaptive(adaptive),
        last(p.input + p.pad_after) {}

  __device__ __forceinline__ Cells window(int position) const {
    if (adaptive) {
      const int64_t start = static_cast<int64_t>(position) * input / output;
      const int64_t end = ((position + int64_t{1}) * input + output - 1) / output;
      return {static_cast<int>(start), 1, static_cast<int>(end - start)};
    }
    int begin, end;
    inside(position, begin, end);
    return {cell(position, begin), dilation, end > begin ? end - begin : 0};
  }
  /// The positions [begin, end] whose windows may reach a cell; `reaches` tells.
  __device__ __forceinline__ void reaching(int cell, int& begin, int& end) const {
    if (adaptive) {
      begin = static_cast<int>(static_cast<int64_t>(cell) * output / input);
      end = static_cast<int>(((cell + int64_t{1}) * output - 1) / input);
    } else {
      WindowAxis::reaching(cell, begin, end);
    }
  }
  __device__ __forceinline__ bool reaches(int position, int cell) const {
    return adaptive || tap_at(position, cell) >= 0;
  }
  /// How many cells the window has, those in the padding too.
  __device__ __forceinline__ int64_t extent(int position) const {
    const int64_t start = cell(position, 0), end = start + taps;
    return (end < last ? end : last) - start;
  }
};

/// A cell or a window of volume n: plane, row and column.
struct Spot {
  int64_t n;
  int d, h, w;
};

struct Pool {
  Side planes, rows, columns;
  int64_t channels, divisor;
  bool include_pad;

  explicit Pool(const Pool3d& p)
      : planes(p.d, p.adaptive),
        rows(p.h, p.adaptive),
        columns(p.w, p.adaptive),
        channels(p.c),
        divisor(p.divisor),
        include_pad(p.count_include_pad != 0) {}

  /// Places take the planes of volumes for images.
  static __device__ __forceinline__ Spot spot(const Place& at, int depth) {
    if (depth == 1) return {at.n, 0, at.i, at.j};
    return {at.n / depth, static_cast<int>(at.n % depth), at.i, at.j};
  }
  __device__ __forceinline__ int64_t cell(int d, int h, int w) const {
    return (static_cast<int64_t>(d) * rows.input + h) * columns.input + w;
  }
  __device__ __forceinline__ int64_t x_at(int64_t n, int64_t cell) const {
    return (n * planes.input * rows.input * columns.input + cell) * channels;
  }
  __device__ __forceinline__ int64_t y_at(int64_t n, int o, int p, int q) const {
    return (((n * planes.output + o) * rows.output + p) * columns.output + q) * channels;
  }
  /// body(cell) for every cell of the image under the window at `to`.
  template <class Body>
  __device__ __forceinline__ void for_each_cell(const Spot& to, Body body) const {
    const Cells d = planes.window(to.d), h = rows.window(to.h), w = columns.window(to.w);
    for (int t = 0; t < d.count; ++t)
      for (int r = 0; r < h.count; ++r)
        for (int s = 0; s < w.count; ++s) body(cell(d.first + t * d.step, h.first + r * h.step, w.first + s * w.step));
  }
  /// body(o, p, q) for every window that may reach a cell.
  template <class Body>
  __device__ __forceinline__ void for_each_window(const Spot& from, Body body) const {
    int d_begin, d_end, h_begin, h_end, w_begin, w_end;
    planes.reaching(from.d, d_begin, d_end);
    rows.reaching(from.h, h_begin, h_end);
    columns.reaching(from.w, w_begin, w_end);
    for (int o = d_begin; o <= d_end; ++o)
      for (int p = h_begin; p <= h_end; ++p)
        for (int q = w_begin; q <= w_end; ++q) body(o, p, q);
  }
  /// One over what a window of average pooling is divided by: its extent, padding included or not; 0 when it is empty.
  template <class C>
  __device__ C inverse_area(int o, int p, int q) const {
    C area;
    if (divisor)
      area = static_cast<C>(divisor);
    else if (include_pad)
      area = static_cast<C>(planes.extent(o)) * static_cast<C>(rows.extent(p)) * static_cast<C>(columns.extent(q));
    else
      area = static_cast<C>(planes.window(o).count) * static_cast<C>(rows.window(p).count) *
             static_cast<C>(columns.window(q).count);
    return area > 0 ? 1 / area : C(0);
  }
};

template <class T, int kWidth>
__global__ void max_windows(Places places, Pool g, bool relu, const T* x, T* y, int32_t* indices) {
  using C = Compute<T>;
  for_each(places.count, [&](int64_t index) {
    const Place at = places.at(index);
    const Spot to = Pool::spot(at, g.planes.output);
    C best[kWidth];
    Channels<T, kWidth> result{};
    Channels<int32_t, kWidth> where{};
    bool first = true;
    g.for_each_cell(to, [&](int64_t cell) {
      Channels<T, kWidth> v;
      v.read(x + g.x_at(to.n, cell) + at.c);
      for (int j = 0; j < kWidth; ++j) {
        const C value = load(v.v[j]);
        if (first || value > best[j] || (value != value && best[j] == best[j])) {
          best[j] = value;
          result.v[j] = v.v[j];
          where.v[j] = static_cast<int32_t>(cell);
        }
      }
      first = false;
    });
    for (int j = 0; relu && j < kWidth; ++j)
      if (best[j] <= 0) {
        result.v[j] = store<T>(C(0));
        where.v[j] = -1;  // no cell gets the gradient
      }
    const int64_t position = g.y_at(to.n, to.d, to.h, to.w) + at.c;
    result.write(y + position);
    for (int j = 0; j < kWidth; ++j) indices[position + j] = where.v[j];
  });
}

/// Every element of x gathers the gradients of the windows whose maximum it was.
template <class T, int kWidth>
__global__ void max_gather(Places places, Pool g, const int32_t* indices, const T* dy, T* dx) {
  for_each(places.count, [&](int64_t index) {
    const Place at = places.at(index);
    const Spot from = Pool::spot(at, g.planes.input);
    const int64_t cell = g.cell(from.d, from.h, from.w);
    Compute<T> sums[kWidth] = {};
    g.for_each_window(from, [&](int o, int p, int q) {
      const int64_t position = g.y_at(from.n, o, p, q) + at.c;
      Channels<T, kWidth> gradient;
      gradient.read(dy + position);
      for (int j = 0; j < kWidth; ++j)
        if (indices[position + j] == cell) sums[j] += load(gradient.v[j]);
    });
    Channels<T, kWidth> result;
    for (int j = 0; j < kWidth; ++j) result.v[j] = store<T>(sums[j]);
    result.write(dx + g.x_at(from.n, cell) + at.c);
  });
}

template <class T, int kWidth>
__global__ void average_windows(Places places, Pool g, const T* x, T* y) {
  using C = Compute<T>;
  for_each(places.count, [&](int64_t index) {
    const Place at = places.at(index);
    const Spot to = Pool::spot(at, g.planes.output);
    C sums[kWidth] = {};
    g.for_each_cell(to, [&](int64_t cell) {
      Channels<T, kWidth> v;
      v.read(x + g.x_at(to.n, cell) + at.c);
      for (int j = 0; j < kWidth; ++j) sums[j] += load(v.v[j]);
    });
    const C factor = g.inverse_area<C>(to.d, to.h, to.w);
    Channels<T, kWidth> result;
    for (int j = 0; j < kWidth; ++j) result.v[j] = store<T>(sums[j] * factor);
    result.write(y + g.y_at(to.n, to.d, to.h, to.w) + at.c);
  });
}

template <class T, int kWidth>
__global__ void average_gather(Places places, Pool g, const T* dy, T* dx) {
  using C = Compute<T>;
  for_each(places.count, [&](int64_t index) {
    const Place at = places.at(index);
    const Spot from = Pool::spot(at, g.planes.input);
    C sums[kWidth] = {};
    g.for_each_window(from, [&](int o, int p, int q) {
      if (!g.planes.reaches(o, from.d) || !g.rows.reaches(p, from.h) || !g.columns.reaches(q, from.w)) return;
      const C factor = g.inverse_area<C>(o, p, q);
      Channels<T, kWidth> gradient;
      gradient.read(dy + g.y_at(from.n, o, p, q) + at.c);
      for (int j = 0; j < kWidth; ++j) sums[j] += load(gradient.v[j]) * factor;
    });
    Channels<T, kWidth> result;
    for (int j = 0; j < kWidth; ++j) result.v[j] = store<T>(sums[j]);
    result.write(dx + g.x_at(from.n, g.cell(from.d, from.h, from.w)) + at.c);
  });
}

/// The first window along an axis that reaches no cell; −1 when there is none.
int64_t first_outside(const PoolAxis& p) {
  for (int64_t i = 0; i < p.output; ++i) {
    const int64_t start = i * p.stride - p.pad_before, begin = start < 0 ? (-start + p.dilation - 1) / p.dilation : 0;
    if (begin >= p.taps || start + begin * p.dilation >= p.input) return i;
  }
  return -1;
}

/// Every window of max pooling must reach the image, and int32 must be able to say where.
void check_windows(const Pool3d& p) {
  using Number = long long;
  const Number d = p.d.input, h = p.h.input, w = p.w.input;
  if (p.cells() > std::numeric_limits<int32_t>::max())
    fail("expected an image whose cells int32 can index, got %lld x %lld x %lld", d, h, w);
  if (p.adaptive || p.y() == 0) return;
  const int64_t o = first_outside(p.d), q = first_outside(p.h), r = first_outside(p.w);
  if (o < 0 && q < 0 && r < 0) return;
  auto start = [](const PoolAxis& axis, int64_t i) { return Number{(i < 0 ? 0 : i) * axis.stride - axis.pad_before}; };
  fail("expected every window to reach the image, got one at [%lld, %lld, %lld] of %lld x %lld x %lld", start(p.d, o),
       start(p.h, q), start(p.w, r), d, h, w);
}

/// Threads over all cells of x, or over all positions of y.
Places cells_of(const Pool3d& p, int width) { return {p.n * p.d.input, p.h.input, p.w.input, p.c, width}; }
Places positions_of(const Pool3d& p, int width) { return {p.n * p.d.output, p.h.output, p.w.output, p.c, width}; }

}  // namespace

void max_pool(const Pool3d& p, int64_t relu, In x, Out y, IndexOut indices) {
  check_windows(p);
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(x.as<T>(), y.as<T>()), [&](auto width) {
      const Places places = positions_of(p, width);
      launch(max_windows<T, width>, blocks_for(places.count), kThreads, 0, places, Pool(p), relu != 0, x.as<T>(),
             y.as<T>(), indices.as<int32_t>());
    });
  });
}

void max_pool_backward(const Pool3d& p, IndexIn indices, In dy, Out dx) {
  dispatch_storage(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(dy.as<T>(), dx.as<T>()), [&](auto width) {
      const Places places = cells_of(p, width);
      launch(max_gather<T, width>, blocks_for(places.count), kThreads, 0, places, Pool(p), indices.as<int32_t>(),
             dy.as<T>(), dx.as<T>());
    });
  });
}

void avg_pool(const Pool3d& p, In x, Out y) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(x.as<T>(), y.as<T>()), [&](auto width) {
      const Places places = positions_of(p, width);
      launch(average_windows<T, width>, blocks_for(places.count), kThreads, 0, places, Pool(p), x.as<T>(), y.as<T>());
    });
  });
}

void avg_pool_backward(const Pool3d& p, In dy, Out dx) {
  dispatch_storage(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(dy.as<T>(), dx.as<T>()), [&](auto width) {
      const Places places = cells_of(p, width);
      launch(average_gather<T, width>, blocks_for(places.count), kThreads, 0, places, Pool(p), dy.as<T>(), dx.as<T>());
    });
  });
}

}  // namespace convcore::cuda
