#include <limits>
#include <type_traits>

#include "../check.h"
#include "kernels.h"
#include "reduction.h"

namespace convcore::cpu::ISA {
namespace {

/// The taps [begin, end) of a window, along one axis, whose cells start + tap · dilation lie inside the image.
struct Taps {
  int64_t start, dilation, begin, end;

  [[gnu::always_inline]] Taps(int64_t start, int64_t dilation, int64_t taps, int64_t size)
      : start(start), dilation(dilation), begin(0), end(taps) {
    if (start < 0) begin = ceil_div(-start, dilation);
    if (start + (taps - 1) * dilation >= size) end = start < size ? ceil_div(size - start, dilation) : 0;
  }
  [[gnu::always_inline]] int64_t cell(int64_t tap) const { return start + tap * dilation; }
  [[gnu::always_inline]] int64_t count() const { return end > begin ? end - begin : 0; }
};

[[gnu::always_inline]] inline Taps rows_of(const Pool2d& g, int64_t p) {
  return {p * g.stride_h - g.pad_h, g.dilation_h, g.r, g.h};
}

[[gnu::always_inline]] inline Taps columns_of(const Pool2d& g, int64_t q) {
  return {q * g.stride_w - g.pad_w, g.dilation_w, g.s, g.w};
}

/// body(image, p, q, i) for every output position; i counts them.
template <class Body>
[[gnu::always_inline]] inline void for_each_output(const Pool2d& g, Body body) {
  if (g.y() == 0) return;
  const int64_t work = product(g.c, lesser(g.r, g.h), lesser(g.s, g.w));
  parallel_range(g.n * g.p * g.q, at_least_one(kGrain / at_least_one(work)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) body(i / g.q / g.p, i / g.q % g.p, i % g.q, i);
  });
}

/// Zeroes dx, then calls body(i, h, columns, line) for every row h of an image and every window that reaches it, always
/// in the same order: i is the window's output position, `columns` its taps, `line` the row of dx. Rows go in parallel,
/// so that each element of dx has one writer.
template <class T, class Body>
[[gnu::always_inline]] inline void gather(const Pool2d& g, T* dx, Body body) {
  if (g.x() == 0) return;
  const int64_t width = g.w * g.c;
  parallel_range(g.n * g.h, at_least_one(kGrain / 4 / width), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t image = row / g.h, h = row % g.h, before = h + g.pad_h - (g.r - 1) * g.dilation_h;
      T* line = dx + row * width;
      __builtin_memset(line, 0, width * sizeof(T));
      const int64_t last = lesser(g.p - 1, (h + g.pad_h) / g.stride_h);
      for (int64_t p = before > 0 ? ceil_div(before, g.stride_h) : 0; p <= last; ++p) {
        if ((h + g.pad_h - p * g.stride_h) % g.dilation_h != 0) continue;
        for (int64_t q = 0; q < g.q; ++q) body((image * g.p + p) * g.q + q, h, columns_of(g, q), line);
      }
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
[[gnu::always_inline]] inline void max_window(const Pool2d& g, const Taps& rows, const Taps& columns, const T* x, T* y,
                                              int32_t* indices) {
  using Index = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  using Values = typename Register<T, kWidth>::Type;
  using Indices = typename Register<Index, kWidth>::Type;
  const int64_t first = rows.cell(rows.begin) * g.w + columns.cell(columns.begin);
  Values best, v;
  __builtin_memcpy(&best, x + first * g.c, sizeof best);
  Indices at = Indices{} + static_cast<Index>(first);
  for (int64_t r = rows.begin; r < rows.end; ++r)
    for (int64_t s = columns.begin; s < columns.end; ++s) {
      const int64_t cell = rows.cell(r) * g.w + columns.cell(s);
      __builtin_memcpy(&v, x + cell * g.c, sizeof v);
      const auto take = (v > best) | ((v != v) & (best == best));
      best = take ? v : best;
      at = take ? Indices{} + static_cast<Index>(cell) : at;
    }
  __builtin_memcpy(y, &best, sizeof best);
  Index each[kWidth];
  __builtin_memcpy(each, &at, sizeof at);
  for (int64_t c = 0; c < kWidth; ++c) indices[c] = static_cast<int32_t>(each[c]);
}

/// The sum of one window times `factor`, for kWidth channels of the image x.
template <int64_t kWidth, class T>
[[gnu::always_inline]] inline void sum_window(const Pool2d& g, const Taps& rows, const Taps& columns, double factor,
                                              const T* x, T* y) {
  double sums[kWidth] = {};
  for (int64_t r = rows.begin; r < rows.end; ++r)
    for (int64_t s = columns.begin; s < columns.end; ++s) {
      const T* from = x + (rows.cell(r) * g.w + columns.cell(s)) * g.c;
      for (int64_t c = 0; c < kWidth; ++c) sums[c] += from[c];
    }
  for (int64_t c = 0; c < kWidth; ++c) y[c] = static_cast<T>(sums[c] * factor);
}

void check_indices(const Pool2d& g, const int32_t* indices) {
  const int64_t cells = g.h * g.w;
  parallel_range(g.y(), kGrain, [&](int64_t begin, int64_t end) {
    int32_t least = 0, greatest = -1;
    for (int64_t i = begin; i < end; ++i) {
      least = indices[i] < least ? indices[i] : least;
      greatest = indices[i] > greatest ? indices[i] : greatest;
    }
    if (least < 0 || greatest >= cells)
      fail("expected indices in [0, %lld), got %d", static_cast<long long>(cells), least < 0 ? least : greatest);
  });
}

/// One over what a window of average pooling is divided by: its extent, padding included or not; 0 when it is empty.
double inverse_area(const Pool2d& g, const Taps& rows, const Taps& columns) {
  auto area = static_cast<double>(rows.count() * columns.count());
  if (g.count_include_pad)  // in double, where windows and padding of any size have a product
    area = static_cast<double>(lesser(rows.start + g.r, g.h + g.pad_bottom) - rows.start) *
           static_cast<double>(lesser(columns.start + g.s, g.w + g.pad_right) - columns.start);
  return area > 0 ? 1.0 / area : 0;
}

}  // namespace

void max_pool2d(const Pool2d& p, In x, Out y, IndexOut indices) {
  if (product(p.h, p.w) > std::numeric_limits<int32_t>::max())
    fail("expected an image whose cells int32 can index, got %lld x %lld", static_cast<long long>(p.h),
         static_cast<long long>(p.w));
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_each_output(p, [&](int64_t image, int64_t py, int64_t px, int64_t i) {
      const Taps rows = rows_of(p, py), columns = columns_of(p, px);
      if (rows.count() == 0 || columns.count() == 0)
        fail("expected every window to reach the image, got one at row %lld, column %lld of %lld x %lld",
             static_cast<long long>(rows.start), static_cast<long long>(columns.start), static_cast<long long>(p.h),
             static_cast<long long>(p.w));
      for_each_block<T>(p.c, [&](auto width, int64_t c) {
        max_window<width.value>(p, rows, columns, x.as<T>() + image * p.h * p.w * p.c + c, y.as<T>() + i * p.c + c,
                                indices.as<int32_t>() + i * p.c + c);
      });
    });
  });
}

void max_pool2d_backward(const Pool2d& p, IndexIn indices, In dy, Out dx) {
  check_indices(p, indices.as<int32_t>());
  dispatch_float(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    gather(p, dx.as<T>(), [&](int64_t i, int64_t h, const Taps& columns, T* line) {
      const int32_t* at = indices.as<int32_t>() + i * p.c;
      const T* from = dy.as<T>() + i * p.c;
      for (int64_t s = columns.begin; s < columns.end; ++s) {
        const int32_t cell = static_cast<int32_t>(h * p.w + columns.cell(s));
        T* __restrict to = line + columns.cell(s) * p.c;
        for (int64_t c = 0; c < p.c; ++c) {
          const T gradient = from[c];
          to[c] += at[c] == cell ? gradient : T(0);
        }
      }
    });
  });
}

void avg_pool2d(const Pool2d& p, In x, Out y) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_each_output(p, [&](int64_t image, int64_t py, int64_t px, int64_t i) {
      const Taps rows = rows_of(p, py), columns = columns_of(p, px);
      const double factor = inverse_area(p, rows, columns);
      for_each_block<T>(p.c, [&](auto width, int64_t c) {
        sum_window<width.value>(p, rows, columns, factor, x.as<T>() + image * p.h * p.w * p.c + c,
                                y.as<T>() + i * p.c + c);
      });
    });
  });
}

void avg_pool2d_backward(const Pool2d& p, In dy, Out dx) {
  dispatch_float(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    gather(p, dx.as<T>(), [&](int64_t i, int64_t, const Taps& columns, T* line) {
      const T factor = static_cast<T>(inverse_area(p, rows_of(p, i / p.q % p.p), columns));
      const T* from = dy.as<T>() + i * p.c;
      for (int64_t s = columns.begin; s < columns.end; ++s) {
        T* __restrict to = line + columns.cell(s) * p.c;
        for (int64_t c = 0; c < p.c; ++c) to[c] += from[c] * factor;
      }
    });
  });
}

}  // namespace convcore::cpu::ISA
