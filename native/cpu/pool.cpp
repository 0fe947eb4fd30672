#include <limits>

#include "../check.h"
#include "kernels.h"
#include "lanes.h"
#include "pool_reach.h"
#include "pool_window.h"

namespace convcore::cpu::ISA {
namespace {

/// The first maximum of one window, for kWidth channels; `first` is its first cell, where x points.
template <int64_t kWidth, class T, class Cells>
[[gnu::always_inline]] inline void max_window(const Cells& cells, int64_t channels, int64_t first, bool relu,
                                              const T* x, T* y, int32_t* indices) {
  using Index = IndexOf<T>;
  Lanes<T, kWidth> best = load_lanes<kWidth>(x);
  Lanes<Index, kWidth> at = {};
  cells.for_each_cell([&](int64_t cell) {
    if (cell == 0) return;
    const auto v = load_lanes<kWidth>(x + cell * channels);
    const auto keep = (v <= best) | (best != best);  // a NaN is greater than any number
    best = keep ? best : v;
    at = keep ? at : Lanes<Index, kWidth>{} + static_cast<Index>(cell);
  });
  at += static_cast<Index>(first);
  if (relu) {  // no cell gets the gradient of 0
    const auto none = best <= T(0);
    best = none ? Lanes<T, kWidth>{} : best;
    at = none ? Lanes<Index, kWidth>{} - 1 : at;
  }
  store_lanes<kWidth>(y, best);
  store_lanes<kWidth>(indices, convert_lanes<int32_t, kWidth, Index>(at));
}

void check_reaches(const Window& window) {
  if (window.count() > 0) return;
  const Pool3d& p = window.pool;
  fail("expected every window to reach the image, got one at [%lld, %lld, %lld] of %lld x %lld x %lld",
       static_cast<long long>(window.planes.start), static_cast<long long>(window.rows.start),
       static_cast<long long>(window.columns.start), static_cast<long long>(p.d.input),
       static_cast<long long>(p.h.input), static_cast<long long>(p.w.input));
}

template <int kTaps, class T>
void max_windows(const Pool3d& p, bool relu, const T* x, T* y, int32_t* indices) {
  with_width<T>(p.c, [&](auto width) {
    for_each_segment(p, [&](const Segment& segment) {
      const T* image = x + segment.image * p.cells() * p.c;
      auto window = [&](int64_t i, const auto& cells, int64_t first) {
        for_each_vector<width.value>(p.c, [&](int64_t c) {
          max_window<width.value>(cells, p.c, first, relu, image + first * p.c + c, y + i * p.c + c,
                                  indices + i * p.c + c);
        });
      };
      for_each_window<kTaps>(
          p, segment,
          [&](int64_t i, const Window& edge) {
            check_reaches(edge);
            window(i, edge, edge.first());
          },
          window);
    });
  });
}

}  // namespace

void max_pool(const Pool3d& p, int64_t relu, In x, Out y, IndexOut indices) {
  if (p.cells() > std::numeric_limits<int32_t>::max())
    fail("expected an image whose cells int32 can index, got %lld x %lld x %lld", static_cast<long long>(p.d.input),
         static_cast<long long>(p.h.input), static_cast<long long>(p.w.input));
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    auto* windows = p.w.taps == 2 ? max_windows<2, T> : max_windows<3, T>;
    windows(p, relu != 0, x.as<T>(), y.as<T>(), indices.as<int32_t>());
  });
}

// Indices that lie outside the image match no cell.
void max_pool_backward(const Pool3d& p, IndexIn indices, In dy, Out dx) {
  const int32_t* places = indices.as<int32_t>();
  dispatch_float(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* gradients = dy.as<T>();
    gather_windows(p, dx.as<T>(), [=](auto width, int64_t i, int64_t, int64_t cell) {
      constexpr int64_t kWidth = width.value;
      const auto at = convert_lanes<IndexOf<T>, kWidth, int32_t>(load_lanes<kWidth>(places + i));
      const auto gradient = load_lanes<kWidth>(gradients + i);
      return at == static_cast<IndexOf<T>>(cell) ? gradient : Lanes<T, kWidth>{};
    });
  });
}

namespace {

/// One over what a window is divided by: its extent, padding included or not; 0 when it is empty.
[[gnu::always_inline]] inline double inverse_area(const Pool3d& g, const Window& window) {
  auto extent = [](const PoolAxis& axis, const Taps& taps) {
    return static_cast<double>(lesser(taps.start + axis.taps, axis.input + axis.pad_after) - taps.start);
  };
  double area;
  if (g.divisor)
    area = static_cast<double>(g.divisor);
  else if (g.count_include_pad)  // in double, where windows and padding of any size have a product
    area = extent(g.d, window.planes) * extent(g.h, window.rows) * extent(g.w, window.columns);
  else
    area = static_cast<double>(window.count());
  return area > 0 ? 1.0 / area : 0;
}

/// The mean of one window, for kWidth channels; x points at its first cell. Summed in Sum.
template <int64_t kWidth, class Sum, class T, class Cells>
[[gnu::always_inline]] inline void mean_window(const Cells& cells, int64_t channels, Sum factor, const T* x, T* y) {
  Sum sums[kWidth] = {};
  cells.for_each_cell([&](int64_t cell) {
    const T* from = x + cell * channels;
    for (int64_t c = 0; c < kWidth; ++c) sums[c] += from[c];
  });
  for (int64_t c = 0; c < kWidth; ++c) y[c] = static_cast<T>(sums[c] * factor);
}

/// Squares of at most nine cells are summed in T, other windows in double.
template <int kTaps, class T>
void mean_windows(const Pool3d& p, const T* x, T* y) {
  const T factor = static_cast<T>(1.0 / static_cast<double>(p.divisor ? p.divisor : kTaps * kTaps));
  with_width<T>(p.c, [&](auto width) {
    constexpr int64_t kWidth = width.value;
    for_each_segment(p, [&](const Segment& segment) {
      const T* image = x + segment.image * p.cells() * p.c;
      for_each_window<kTaps>(
          p, segment,
          [&](int64_t i, const Window& window) {
            const double share = inverse_area(p, window);
            const T* from = image + window.first() * p.c;
            for_each_vector<kWidth>(
                p.c, [&](int64_t c) { mean_window<kWidth, double>(window, p.c, share, from + c, y + i * p.c + c); });
          },
          [&](int64_t i, const Square<kTaps>& square, int64_t first) {
            const T* from = image + first * p.c;
            for_each_vector<kWidth>(
                p.c, [&](int64_t c) { mean_window<kWidth, T>(square, p.c, factor, from + c, y + i * p.c + c); });
          });
    });
  });
}

}  // namespace

void avg_pool(const Pool3d& p, In x, Out y) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    auto* windows = p.w.taps == 2 ? mean_windows<2, T> : mean_windows<3, T>;
    windows(p, x.as<T>(), y.as<T>());
  });
}

void avg_pool_backward(const Pool3d& p, In dy, Out dx) {
  dispatch_float(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t planes = p.d.output, rows = p.h.output, columns = p.w.output;
    const Scratch scratch(planes * rows * columns * int64_t{sizeof(T)});
    T* factors = scratch.as<T>();  // [o, p, q]
    parallel_range(planes * rows, at_least_one(kGrain / 4 / at_least_one(columns)), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        for (int64_t q = 0; q < columns; ++q)
          factors[i * columns + q] = static_cast<T>(inverse_area(
              p, {p, Taps(p.d, p.adaptive, i / rows), Taps(p.h, p.adaptive, i % rows), Taps(p.w, p.adaptive, q)}));
    });
    const T* gradients = dy.as<T>();
    gather_windows(p, dx.as<T>(), [=](auto width, int64_t i, int64_t window, int64_t) {
      return load_lanes<width.value>(gradients + i) * factors[window];
    });
  });
}

}  // namespace convcore::cpu::ISA
