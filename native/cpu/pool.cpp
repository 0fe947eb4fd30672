#include <limits>
#include <type_traits>

#include "../check.h"
#include "indices.h"
#include "kernels.h"
#include "reduction.h"

namespace convcore::cpu::ISA {
namespace {

/// The taps [begin, end) of a window, along one axis, whose cells start + tap · dilation lie inside the image.
struct Taps {
  int64_t start, dilation, begin, end;

  [[gnu::always_inline]] Taps(const PoolAxis& axis, bool adaptive, int64_t i)
      : start(0), dilation(1), begin(0), end(0) {
    if (adaptive) {
      start = i * axis.input / axis.output;
      end = ceil_div((i + 1) * axis.input, axis.output) - start;
      return;
    }
    start = i * axis.stride - axis.pad_before;
    dilation = axis.dilation;
    end = axis.taps;
    if (start < 0) begin = ceil_div(-start, dilation);
    if (start + (end - 1) * dilation >= axis.input)
      end = start < axis.input ? ceil_div(axis.input - start, dilation) : 0;
  }
  [[gnu::always_inline]] int64_t cell(int64_t tap) const { return start + tap * dilation; }
  [[gnu::always_inline]] int64_t count() const { return end > begin ? end - begin : 0; }
};

/// The window of one output position.
struct Window {
  Taps planes, rows, columns;

  [[gnu::always_inline]] Window(const Pool3d& g, int64_t o, int64_t p, int64_t q)
      : planes(g.d, g.adaptive, o), rows(g.h, g.adaptive, p), columns(g.w, g.adaptive, q) {}

  [[gnu::always_inline]] int64_t count() const { return planes.count() * rows.count() * columns.count(); }

  /// body(cell) for every cell inside the image, row by row.
  template <class Body>
  [[gnu::always_inline]] void for_each_cell(const Pool3d& g, Body body) const {
    for (int64_t t = planes.begin; t < planes.end; ++t)
      for (int64_t r = rows.begin; r < rows.end; ++r) {
        const int64_t line = (planes.cell(t) * g.h.input + rows.cell(r)) * g.w.input;
        for (int64_t s = columns.begin; s < columns.end; ++s) body(line + columns.cell(s));
      }
  }
};

/// body(image, window, i) for every output position; i counts them.
template <class Body>
[[gnu::always_inline]] inline void for_each_output(const Pool3d& g, Body body) {
  if (g.y() == 0) return;
  const int64_t work = product(g.c, lesser(g.d.taps, g.d.input), lesser(g.h.taps, g.h.input),  //
                               lesser(g.w.taps, g.w.input));
  const int64_t outputs = g.d.output * g.h.output * g.w.output;
  parallel_range(g.n * outputs, at_least_one(kGrain / at_least_one(work)), [&](int64_t begin, int64_t end) {
    const int64_t line = begin / g.w.output, plane = line / g.h.output;
    int64_t image = plane / g.d.output, o = plane % g.d.output, p = line % g.h.output, q = begin % g.w.output;
    for (int64_t i = begin; i < end; ++i) {
      body(image, Window(g, o, p, q), i);
      if (++q < g.w.output) continue;
      q = 0;
      if (++p < g.h.output) continue;
      p = 0;
      if (++o < g.d.output) continue;
      o = 0;
      ++image;
    }
  });
}

/// body(i) for the output positions i whose windows reach a cell, along one axis.
template <class Body>
[[gnu::always_inline]] inline void for_each_reaching(const PoolAxis& axis, bool adaptive, int64_t cell, Body body) {
  if (adaptive) {
    for (int64_t i = cell * axis.output / axis.input; i * axis.input < (cell + 1) * axis.output; ++i) body(i);
    return;
  }
  const int64_t from = cell + axis.pad_before, before = from - (axis.taps - 1) * axis.dilation;
  const int64_t last = lesser(axis.output - 1, from / axis.stride);
  for (int64_t i = before > 0 ? ceil_div(before, axis.stride) : 0; i <= last; ++i)
    if ((from - i * axis.stride) % axis.dilation == 0) body(i);
}

/// Zeroes dx, then calls body(i, row, window, line) for every row of a volume and every window that reaches it, always
/// in the same order: i is the window's output position, `line` the row of dx. Rows go in parallel, so that each
/// element of dx has one writer.
template <class T, class Body>
[[gnu::always_inline]] inline void gather(const Pool3d& g, T* dx, Body body) {
  if (g.x() == 0) return;
  const int64_t width = g.w.input * g.c, rows = g.d.input * g.h.input;
  parallel_range(g.n * rows, at_least_one(kGrain / 4 / width), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t image = i / rows, row = i % rows;
      T* line = dx + i * width;
      __builtin_memset(line, 0, width * sizeof(T));
      for_each_reaching(g.d, g.adaptive, row / g.h.input, [&](int64_t o) {
        for_each_reaching(g.h, g.adaptive, row % g.h.input, [&](int64_t p) {
          for (int64_t q = 0; q < g.w.output; ++q)
            body(((image * g.d.output + o) * g.h.output + p) * g.w.output + q, row, Window(g, o, p, q), line);
        });
      });
    }
  });
}

#if defined(__AVX512F__)
constexpr int64_t kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int64_t kVectorBytes = 32;
#else
constexpr int64_t kVectorBytes = 16;
#endif

/// kWidth elements in one register.
template <class T, int64_t kWidth>
struct Register {
  typedef T Type __attribute__((vector_size(kWidth * sizeof(T))));
};
template <class T>
struct Register<T, 1> {
  using Type = T;
};

/// block(width, c) for channels [c, c + width), where the width is a constant: a register, a small one or one channel.
template <class T, class Block>
[[gnu::always_inline]] inline void for_each_block(int64_t channels, Block block) {
  constexpr int64_t wide = kVectorBytes / sizeof(T), narrow = 16 / sizeof(T);
  int64_t c = 0;
  for (; c + wide <= channels; c += wide) block(std::integral_constant<int64_t, wide>{}, c);
  for (; c + narrow <= channels; c += narrow) block(std::integral_constant<int64_t, narrow>{}, c);
  for (; c < channels; ++c) block(std::integral_constant<int64_t, 1>{}, c);
}

/// The first maximum of one window, for kWidth channels of the image x.
template <int64_t kWidth, class T>
[[gnu::always_inline]] inline void max_window(const Pool3d& g, const Window& window, const T* x, T* y,
                                              int32_t* indices) {
  using Index = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  using Values = typename Register<T, kWidth>::Type;
  using Indices = typename Register<Index, kWidth>::Type;
  const auto& [planes, rows, columns] = window;
  const int64_t first =
      (planes.cell(planes.begin) * g.h.input + rows.cell(rows.begin)) * g.w.input + columns.cell(columns.begin);
  Values best, v;
  __builtin_memcpy(&best, x + first * g.c, sizeof best);
  Indices at = Indices{} + static_cast<Index>(first);
  window.for_each_cell(g, [&](int64_t cell) {
    __builtin_memcpy(&v, x + cell * g.c, sizeof v);
    const auto take = (v > best) | ((v != v) & (best == best));
    best = take ? v : best;
    at = take ? Indices{} + static_cast<Index>(cell) : at;
  });
  __builtin_memcpy(y, &best, sizeof best);
  Index each[kWidth];
  __builtin_memcpy(each, &at, sizeof at);
  for (int64_t c = 0; c < kWidth; ++c) indices[c] = static_cast<int32_t>(each[c]);
}

/// The sum of one window times `factor`, for kWidth channels of the image x.
template <int64_t kWidth, class T>
[[gnu::always_inline]] inline void sum_window(const Pool3d& g, const Window& window, double factor, const T* x, T* y) {
  double sums[kWidth] = {};
  window.for_each_cell(g, [&](int64_t cell) {
    const T* from = x + cell * g.c;
    for (int64_t c = 0; c < kWidth; ++c) sums[c] += from[c];
  });
  for (int64_t c = 0; c < kWidth; ++c) y[c] = static_cast<T>(sums[c] * factor);
}

/// One over what a window of average pooling is divided by: its extent, padding included or not; 0 when it is empty.
double inverse_area(const Pool3d& g, const Window& window) {
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

}  // namespace

void max_pool(const Pool3d& p, In x, Out y, IndexOut indices) {
  if (p.cells() > std::numeric_limits<int32_t>::max())
    fail("expected an image whose cells int32 can index, got %lld x %lld x %lld", static_cast<long long>(p.d.input),
         static_cast<long long>(p.h.input), static_cast<long long>(p.w.input));
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_each_output(p, [&](int64_t image, const Window& window, int64_t i) {
      if (window.count() == 0)
        fail("expected every window to reach the image, got one at [%lld, %lld, %lld] of %lld x %lld x %lld",
             static_cast<long long>(window.planes.start), static_cast<long long>(window.rows.start),
             static_cast<long long>(window.columns.start), static_cast<long long>(p.d.input),
             static_cast<long long>(p.h.input), static_cast<long long>(p.w.input));
      for_each_block<T>(p.c, [&](auto width, int64_t c) {
        max_window<width.value>(p, window, x.as<T>() + image * p.cells() * p.c + c, y.as<T>() + i * p.c + c,
                                indices.as<int32_t>() + i * p.c + c);
      });
    });
  });
}

void max_pool_backward(const Pool3d& p, IndexIn indices, In dy, Out dx) {
  check_indices(indices, p.cells());
  dispatch_float(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    gather(p, dx.as<T>(), [&](int64_t i, int64_t row, const Window& window, T* line) {
      const int32_t* at = indices.as<int32_t>() + i * p.c;
      const T* from = dy.as<T>() + i * p.c;
      const Taps& columns = window.columns;
      for (int64_t s = columns.begin; s < columns.end; ++s) {
        const int32_t cell = static_cast<int32_t>(row * p.w.input + columns.cell(s));
        T* __restrict to = line + columns.cell(s) * p.c;
        for (int64_t c = 0; c < p.c; ++c) {
          const T gradient = from[c];
          to[c] += at[c] == cell ? gradient : T(0);
        }
      }
    });
  });
}

void avg_pool(const Pool3d& p, In x, Out y) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_each_output(p, [&](int64_t image, const Window& window, int64_t i) {
      const double factor = inverse_area(p, window);
      for_each_block<T>(p.c, [&](auto width, int64_t c) {
        sum_window<width.value>(p, window, factor, x.as<T>() + image * p.cells() * p.c + c, y.as<T>() + i * p.c + c);
      });
    });
  });
}

void avg_pool_backward(const Pool3d& p, In dy, Out dx) {
  dispatch_float(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    gather(p, dx.as<T>(), [&](int64_t i, int64_t, const Window& window, T* line) {
      const T factor = static_cast<T>(inverse_area(p, window));
      const T* from = dy.as<T>() + i * p.c;
      const Taps& columns = window.columns;
      for (int64_t s = columns.begin; s < columns.end; ++s) {
        T* __restrict to = line + columns.cell(s) * p.c;
        for (int64_t c = 0; c < p.c; ++c) to[c] += from[c] * factor;
      }
    });
  });
}

}  // namespace convcore::cpu::ISA
