#include <limits>
#include <type_traits>

#include "../check.h"
#include "kernels.h"
#include "reduction.h"

namespace convcore::cpu::ISA {
namespace {

/// Whether v is a greater maximum than w, or a smaller minimum.
template <bool kLeast, class T>
[[gnu::always_inline]] inline bool beats(T v, T w) {
  return kLeast ? v < w : v > w;
}

/// Whether (v, i) comes before (w, j): NaN first, then what beats the other, then the earlier.
template <bool kLeast, class T>
[[gnu::always_inline]] inline bool wins(T v, int64_t i, T w, int64_t j) {
  const bool nan_v = v != v, nan_w = w != w;
  return nan_v || nan_w ? nan_v && (!nan_w || i < j) : beats<kLeast>(v, w) || (v == w && i < j);
}

/// Columns [first, first + width) of one matrix: every wide column keeps its first extreme, then the fold is undone.
template <bool kLeast, class T>
void extreme_columns(const WideRows& rows, int64_t first, int64_t width, const T* x, T* y, int32_t* indices) {
  using Index = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;  // as wide as T, for the sake of vectors
  T best[kTile];
  Index at[kTile];
  for (int64_t c = 0; c < width; ++c) best[c] = x[first + c], at[c] = 0;
  for (int64_t row = 1; row < rows.count(); ++row) {
    const T* line = x + row * rows.width() + first;
    const int64_t filled = lesser(width, rows.width_of(row) - first);
    for (int64_t c = 0; c < filled; ++c) {
      const T v = line[c], b = best[c];
      const bool take = beats<kLeast>(v, b) | ((v != v) & (b == b));
      best[c] = take ? v : b;
      at[c] = take ? static_cast<Index>(row) : at[c];
    }
  }
  for (int64_t c = 0, columns = lesser(width, rows.inner); c < columns; ++c) {
    T value = best[c];
    int64_t index = at[c] * rows.fold;
    for (int64_t f = 1; f < rows.fold; ++f) {
      const int64_t wide = f * rows.inner + c, candidate = at[wide] * rows.fold + f;
      if (wins<kLeast>(best[wide], candidate, value, index)) value = best[wide], index = candidate;
    }
    y[first + c] = value;
    indices[first + c] = static_cast<int32_t>(index);
  }
}

template <bool kLeast>
void find_extreme(int64_t outer, int64_t n, int64_t inner, const In& x, const Out& y, const IndexOut& indices) {
  if (n == 0) fail("expected a non-empty dimension");
  if (n > std::numeric_limits<int32_t>::max())
    fail("expected a dimension that int32 can index, got %lld", static_cast<long long>(n));
  if (outer == 0 || inner == 0) return;
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const WideRows rows(n, inner);
    const int64_t tile = lesser(rows.width(), kTile), tiles = divide_up(rows.width(), tile);
    const int64_t grain = at_least_one(kGrain / (rows.count() * tile));
    parallel_range(outer * tiles, grain, [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) {
        const int64_t first = item % tiles * tile, o = item / tiles;
        extreme_columns<kLeast>(rows, first, lesser(tile, rows.width() - first), x.as<T>() + o * n * inner,
                                y.as<T>() + o * inner, indices.as<int32_t>() + o * inner);
      }
    });
  });
}

}  // namespace

void sum(int64_t outer, int64_t n, int64_t inner, double factor, In x, CastOut y) {
  if (y.dtype != x.dtype) fail("expected a sum of dtype %s, got %s", name_of(x.dtype), name_of(y.dtype));
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* from = x.as<T>();
    T* to = y.as<T>();
    column_sums<T, 1>(
        outer, n, inner, [&](int64_t o, int64_t i, int64_t, T(&t)[1]) { t[0] = from[o * n * inner + i]; },
        [&](int64_t o, int64_t c, const double(&s)[1]) { to[o * inner + c] = static_cast<T>(s[0] * factor); });
  });
}

void extreme(int64_t outer, int64_t n, int64_t inner, int64_t least, In x, Out y, IndexOut indices) {
  if (least)
    find_extreme<true>(outer, n, inner, x, y, indices);
  else
    find_extreme<false>(outer, n, inner, x, y, indices);
}

void extreme_backward(int64_t outer, int64_t n, int64_t inner, IndexIn indices, In dy, Out dx) {
  dispatch_float(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_range(outer * n * inner, kGrain, [&](int64_t begin, int64_t end) {
      __builtin_memset(dx.as<T>() + begin, 0, (end - begin) * sizeof(T));
    });
    parallel_range(outer * inner, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t index = indices.as<int32_t>()[i];
        if (index < 0 || index >= n)
          fail("expected indices in [0, %lld), got %lld", static_cast<long long>(n), static_cast<long long>(index));
        dx.as<T>()[(i / inner * n + index) * inner + i % inner] = dy.as<T>()[i];
      }
    });
  });
}

void cumsum(int64_t outer, int64_t n, int64_t inner, int64_t reverse, In x, Out y) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t tile = lesser(at_least_one(inner), kTile), tiles = divide_up(inner, tile);
    parallel_range(outer * tiles, at_least_one(kGrain / at_least_one(n * tile)), [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) {
        const int64_t first = item % tiles * tile, width = lesser(tile, inner - first);
        double sums[kTile];
        for (int64_t c = 0; c < width; ++c) sums[c] = 0;
        for (int64_t i = 0; i < n; ++i) {
          const int64_t row = (item / tiles * n + (reverse ? n - 1 - i : i)) * inner + first;
          for (int64_t c = 0; c < width; ++c) {
            sums[c] += x.as<T>()[row + c];
            y.as<T>()[row + c] = static_cast<T>(sums[c]);
          }
        }
      }
    });
  });
}

}  // namespace convcore::cpu::ISA
