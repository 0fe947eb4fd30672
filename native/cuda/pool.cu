#include <limits>
#include <type_traits>

#include "kernels.h"
#include "positions.h"

namespace convcore::cuda {
namespace {

struct Pool {
  WindowAxis rows, columns;
  int64_t channels;
  bool include_pad;
  int pad_bottom, pad_right;

  explicit Pool(const Pool2d& p)
      : rows(vertical(p)),
        columns(horizontal(p)),
        channels(p.c),
        include_pad(p.count_include_pad != 0),
        pad_bottom(static_cast<int>(p.pad_bottom)),
        pad_right(static_cast<int>(p.pad_right)) {}

  __device__ int64_t x_at(const Place& at, int row, int column) const {
    return ((at.n * rows.input + row) * columns.input + column) * channels + at.c;
  }
  __device__ int64_t y_at(const Place& at, int row, int column) const {
    return ((at.n * rows.output + row) * columns.output + column) * channels + at.c;
  }
  /// One over what a window of average pooling is divided by: its extent, padding included or not; 0 when it is empty.
  template <class C>
  __device__ C inverse_area(int p, int q) const {
    C height, width;
    if (include_pad) {
      const int64_t top = rows.cell(p, 0), left = columns.cell(q, 0);
      height = static_cast<C>(min(top + rows.taps, static_cast<int64_t>(rows.input) + pad_bottom) - top);
      width = static_cast<C>(min(left + columns.taps, static_cast<int64_t>(columns.input) + pad_right) - left);
    } else {
      int begin, end;
      rows.inside(p, begin, end);
      height = static_cast<C>(end > begin ? end - begin : 0);
      columns.inside(q, begin, end);
      width = static_cast<C>(end > begin ? end - begin : 0);
    }
    return height * width > 0 ? 1 / (height * width) : C(0);
  }
};

template <class T, int kWidth>
__global__ void max_windows(Places places, Pool g, const T* x, T* y, int32_t* indices) {
  using C = Compute<T>;
  for_each(places.count, [&](int64_t index) {
    const Place at = places.at(index);
    int row_begin, row_end, column_begin, column_end;
    g.rows.inside(at.i, row_begin, row_end);
    g.columns.inside(at.j, column_begin, column_end);
    C best[kWidth];
    Channels<T, kWidth> result{};
    Channels<int32_t, kWidth> where{};
    bool first = true;
    for (int r = row_begin; r < row_end; ++r)
      for (int s = column_begin; s < column_end; ++s) {
        const int h = g.rows.cell(at.i, r), w = g.columns.cell(at.j, s);
        Channels<T, kWidth> v;
        v.read(x + g.x_at(at, h, w));
        for (int j = 0; j < kWidth; ++j) {
          const C value = load(v.v[j]);
          if (first || value > best[j] || (value != value && best[j] == best[j])) {
            best[j] = value;
            result.v[j] = v.v[j];
            where.v[j] = h * g.columns.input + w;
          }
        }
        first = false;
      }
    const int64_t to = g.y_at(at, at.i, at.j);
    result.write(y + to);
    for (int j = 0; j < kWidth; ++j) indices[to + j] = where.v[j];
  });
}

/// Every element of x gathers the gradients of the windows whose maximum it was.
template <class T, int kWidth>
__global__ void max_gather(Places places, Pool g, const int32_t* indices, const T* dy, T* dx) {
  for_each(places.count, [&](int64_t index) {
    const Place at = places.at(index);
    const int32_t cell = at.i * g.columns.input + at.j;
    int row_begin, row_end, column_begin, column_end;
    g.rows.reaching(at.i, row_begin, row_end);
    g.columns.reaching(at.j, column_begin, column_end);
    Compute<T> sums[kWidth] = {};
    for (int p = row_begin; p <= row_end; ++p)
      for (int q = column_begin; q <= column_end; ++q) {
        const int64_t from = g.y_at(at, p, q);
        Channels<T, kWidth> gradient;
        gradient.read(dy + from);
        for (int j = 0; j < kWidth; ++j)
          if (indices[from + j] == cell) sums[j] += load(gradient.v[j]);
      }
    Channels<T, kWidth> result;
    for (int j = 0; j < kWidth; ++j) result.v[j] = store<T>(sums[j]);
    result.write(dx + g.x_at(at, at.i, at.j));
  });
}

template <class T, int kWidth>
__global__ void average_windows(Places places, Pool g, const T* x, T* y) {
  using C = Compute<T>;
  for_each(places.count, [&](int64_t index) {
    const Place at = places.at(index);
    int row_begin, row_end, column_begin, column_end;
    g.rows.inside(at.i, row_begin, row_end);
    g.columns.inside(at.j, column_begin, column_end);
    C sums[kWidth] = {};
    for (int r = row_begin; r < row_end; ++r)
      for (int s = column_begin; s < column_end; ++s) {
        Channels<T, kWidth> v;
        v.read(x + g.x_at(at, g.rows.cell(at.i, r), g.columns.cell(at.j, s)));
        for (int j = 0; j < kWidth; ++j) sums[j] += load(v.v[j]);
      }
    const C factor = g.inverse_area<C>(at.i, at.j);
    Channels<T, kWidth> result;
    for (int j = 0; j < kWidth; ++j) result.v[j] = store<T>(sums[j] * factor);
    result.write(y + g.y_at(at, at.i, at.j));
  });
}

template <class T, int kWidth>
__global__ void average_gather(Places places, Pool g, const T* dy, T* dx) {
  using C = Compute<T>;
  for_each(places.count, [&](int64_t index) {
    const Place at = places.at(index);
    int row_begin, row_end, column_begin, column_end;
    g.rows.reaching(at.i, row_begin, row_end);
    g.columns.reaching(at.j, column_begin, column_end);
    C sums[kWidth] = {};
    for (int p = row_begin; p <= row_end; ++p)
      for (int q = column_begin; q <= column_end; ++q) {
        if (g.rows.tap_at(p, at.i) < 0 || g.columns.tap_at(q, at.j) < 0) continue;
        const C factor = g.inverse_area<C>(p, q);
        Channels<T, kWidth> gradient;
        gradient.read(dy + g.y_at(at, p, q));
        for (int j = 0; j < kWidth; ++j) sums[j] += load(gradient.v[j]) * factor;
      }
    Channels<T, kWidth> result;
    for (int j = 0; j < kWidth; ++j) result.v[j] = store<T>(sums[j]);
    result.write(dx + g.x_at(at, at.i, at.j));
  });
}

/// Every window of max pooling must reach the image, and int32 must be able to say where.
void check_windows(const Pool2d& p) {
  if (product(p.h, p.w) > std::numeric_limits<int32_t>::max())
    fail("expected an image whose cells int32 can index, got %lld x %lld", static_cast<long long>(p.h),
         static_cast<long long>(p.w));
  auto first_outside = [](int64_t positions, int64_t input, int64_t taps, int64_t stride, int64_t pad,
                          int64_t dilation) {
    for (int64_t i = 0; i < positions; ++i) {
      const int64_t start = i * stride - pad, begin = start < 0 ? (-start + dilation - 1) / dilation : 0;
      if (begin >= taps || start + begin * dilation >= input) return i;
    }
    return int64_t{-1};
  };
  const int64_t row = first_outside(p.p, p.h, p.r, p.stride_h, p.pad_h, p.dilation_h);
  const int64_t column = first_outside(p.q, p.w, p.s, p.stride_w, p.pad_w, p.dilation_w);
  if (row >= 0 || column >= 0)
    fail("expected every window to reach the image, got one at row %lld, column %lld of %lld x %lld",
         static_cast<long long>((row < 0 ? 0 : row) * p.stride_h - p.pad_h),
         static_cast<long long>((column < 0 ? 0 : column) * p.stride_w - p.pad_w), static_cast<long long>(p.h),
         static_cast<long long>(p.w));
}

}  // namespace

void max_pool2d(const Pool2d& p, In x, Out y, IndexOut indices) {
  check_windows(p);
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(x.as<T>(), y.as<T>()), [&](auto width) {
      const Places places(p.n, p.p, p.q, p.c, width);
      launch(max_windows<T, width>, blocks_for(places.count), kThreads, 0, places, Pool(p), x.as<T>(), y.as<T>(),
             indices.as<int32_t>());
    });
  });
}

void max_pool2d_backward(const Pool2d& p, IndexIn indices, In dy, Out dx) {
  dispatch_storage(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(dy.as<T>(), dx.as<T>()), [&](auto width) {
      const Places places(p.n, p.h, p.w, p.c, width);
      launch(max_gather<T, width>, blocks_for(places.count), kThreads, 0, places, Pool(p), indices.as<int32_t>(),
             dy.as<T>(), dx.as<T>());
    });
  });
}

void avg_pool2d(const Pool2d& p, In x, Out y) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(x.as<T>(), y.as<T>()), [&](auto width) {
      const Places places(p.n, p.p, p.q, p.c, width);
      launch(average_windows<T, width>, blocks_for(places.count), kThreads, 0, places, Pool(p), x.as<T>(), y.as<T>());
    });
  });
}

void avg_pool2d_backward(const Pool2d& p, In dy, Out dx) {
  dispatch_storage(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(dy.as<T>(), dx.as<T>()), [&](auto width) {
      const Places places(p.n, p.h, p.w, p.c, width);
      launch(average_gather<T, width>, blocks_for(places.count), kThreads, 0, places, Pool(p), dy.as<T>(), dx.as<T>());
    });
  });
}

}  // namespace convcore::cuda
