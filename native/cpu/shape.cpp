#include <cstring>
#include <limits>
#include <type_traits>

#include "../check.h"
#include "kernels.h"
#include "transpose.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kGrain = 1 << 14;  // elements per chunk

int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// A copy between two strided sides, over the fewest dims.
struct Walk {
  int rank = 0;
  int64_t dims[kMaxRank], to[kMaxRank], from[kMaxRank];

  void push(int64_t dim, int64_t to_stride, int64_t from_stride) {
    if (dim == 1) return;
    bool merges = rank > 0 && to[rank - 1] == dim * to_stride && from[rank - 1] == dim * from_stride;
    if (!merges) dims[rank++] = 1;
    dims[rank - 1] *= dim;
    to[rank - 1] = to_stride;
    from[rank - 1] = from_stride;
  }

  /// The walk over the other dims than i.
  Walk without(int i) const {
    Walk rest;
    for (int d = 0; d < rank; ++d)
      if (d != i) {
        rest.dims[rest.rank] = dims[d];
        rest.to[rest.rank] = to[d];
        rest.from[rest.rank++] = from[d];
      }
    return rest;
  }

  int unit(const int64_t* strides) const {
    int i = rank - 1;
    while (i >= 0 && strides[i] != 1) --i;
    return i;
  }
};

enum class Direction { Read, Write };

Walk walk(const Strided& p, Direction direction) {
  Walk w;
  int64_t dense[kMaxRank] = {}, stride = 1;
  for (int i = static_cast<int>(p.rank) - 1; i >= 0; --i) dense[i] = stride, stride *= p.dims[i];
  const bool read = direction == Direction::Read;
  for (int i = 0; i < p.rank; ++i) w.push(p.dims[i], read ? dense[i] : p.strides[i], read ? p.strides[i] : dense[i]);
  return w;
}

/// f(to, from, tile) with the two offsets of every position of `w`, `tiles` times each, in parallel.
template <class F>
void for_tiles(const Walk& w, int64_t tiles, int64_t tile_size, F f) {
  const int64_t total = tiles * volume(w.rank, w.dims);
  parallel_range(total, divide_up(kGrain, tile_size), [&](int64_t begin, int64_t end) {
    int64_t index[kMaxRank], to = 0, from = 0, tile = begin % tiles;
    int64_t position = begin / tiles;
    for (int d = w.rank - 1; d >= 0; --d) {
      index[d] = position % w.dims[d];
      position /= w.dims[d];
      to += index[d] * w.to[d];
      from += index[d] * w.from[d];
    }
    for (int64_t i = begin; i < end; ++i) {
      f(to, from, tile);
      if (++tile < tiles) continue;
      tile = 0;
      for (int d = w.rank - 1; d >= 0; --d) {
        to += w.to[d];
        from += w.from[d];
        if (++index[d] < w.dims[d]) break;
        index[d] = 0;
        to -= w.to[d] * w.dims[d];
        from -= w.from[d] * w.dims[d];
      }
    }
  });
}

/// Innermost dim by innermost dim.
template <class T>
void copy_rows(const Walk& w, T* to, const T* from) {
  const int last = w.rank - 1;
  const int64_t n = w.dims[last], to_stride = w.to[last], from_stride = w.from[last];
  const int64_t size = min(n, kGrain);
  for_tiles(w.without(last), divide_up(n, size), size, [=](int64_t to_offset, int64_t from_offset, int64_t tile) {
    const int64_t begin = tile * size, count = min(size, n - begin);
    T* y = to + to_offset + begin * to_stride;
    const T* x = from + from_offset + begin * from_stride;
    if (to_stride == 1 && from_stride == 1)
      memcpy(y, x, count * sizeof(T));
    else if (to_stride == 1)
      for (int64_t i = 0; i < count; ++i) y[i] = x[i * from_stride];
    else
      for (int64_t i = 0; i < count; ++i) y[i * to_stride] = x[i * from_stride];
  });
}

/// y[c][r] = x[r][c]
template <class T>
void transpose(int64_t rows, int64_t cols, const T* x, int64_t x_stride, T* y, int64_t y_stride) {
  constexpr int64_t n = 16 / sizeof(T);
  const int64_t whole_rows = rows - rows % n, whole_cols = cols - cols % n;
  for (int64_t c = 0; c < whole_cols; c += n)
    for (int64_t r = 0; r < whole_rows; r += n)
      transpose_square<T, n>(x + r * x_stride + c, x_stride, y + c * y_stride + r, y_stride);
  for (int64_t c = 0; c < cols; ++c)
    for (int64_t r = c < whole_cols ? whole_rows : 0; r < rows; ++r) y[c * y_stride + r] = x[r * x_stride + c];
}

/// For sides whose unit strides belong to different dims: `row` of the target, `col` of the source.
template <class T>
void copy_planes(const Walk& w, int row, int col, T* to, const T* from) {
  constexpr int64_t kSide = 64;  // 64 × 64 elements of both sides fit the first-level cache
  const int64_t rows = w.dims[row], cols = w.dims[col], x_stride = w.from[row], y_stride = w.to[col];
  const int64_t tile_cols = min(cols, kSide), tile_rows = min(rows, kSide * kSide / tile_cols);
  const int64_t across = divide_up(cols, tile_cols), down = divide_up(rows, tile_rows);
  const Walk rest = w.without(row > col ? row : col).without(row > col ? col : row);
  for_tiles(rest, across * down, tile_rows * tile_cols, [=](int64_t to_offset, int64_t from_offset, int64_t tile) {
    const int64_t r = tile / across * tile_rows, c = tile % across * tile_cols;
    transpose(min(tile_rows, rows - r), min(tile_cols, cols - c), from + from_offset + r * x_stride + c, x_stride,
              to + to_offset + c * y_stride + r, y_stride);
  });
}

template <class T>
void copy(const Walk& w, T* to, const T* from) {
  if (w.rank == 0) {
    *to = *from;
    return;
  }
  const int row = w.unit(w.to), col = w.unit(w.from);
  if (row != col && row >= 0 && col >= 0)
    copy_planes(w, row, col, to, from);
  else
    copy_rows(w, to, from);
}

/// Floats become integers by truncation; what does not fit saturates, and NaN is 0.
template <class To, class From>
[[gnu::always_inline]] inline To convert(From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    constexpr double low = std::numeric_limits<To>::min(), high = std::numeric_limits<To>::max();
    double v = value;
    v = v > low ? v : low;
    v = v < high ? v : high;
    return static_cast<To>(value == value ? static_cast<int32_t>(v) : 0);
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace

void strided_read(const Strided& p, AnyIn x, AnyOut y) {
  if (p.dense() == 0) return;
  dispatch_any(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    copy<T>(walk(p, Direction::Read), y.as<T>(), x.as<T>() + p.offset);
  });
}

void strided_write(const Strided& p, AnyIn x, AnyInOut y) {
  if (p.dense() == 0) return;
  dispatch_any(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    copy<T>(walk(p, Direction::Write), y.as<T>() + p.offset, x.as<T>());
  });
}

void cast(int64_t n, AnyIn x, CastOut y) {
  dispatch_any(x.dtype, [&](auto x_zero) {
    dispatch_any(y.dtype, [&](auto y_zero) {
      using From = decltype(x_zero);
      using To = decltype(y_zero);
      const From* from = x.as<From>();
      To* to = y.as<To>();
      parallel_range(n, kGrain, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) to[i] = convert<To>(from[i]);
      });
    });
  });
}

void fill(int64_t n, double value, AnyOut y) {
  dispatch_any(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = y.as<T>();
    const T v = convert<T>(value);
    parallel_range(n, kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = v;
    });
  });
}

}  // namespace convcore::cpu::ISA
