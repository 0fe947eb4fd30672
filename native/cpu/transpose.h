// Squares of elements, a vector a row, with rows and columns exchanged in registers.
#pragma once
#include <cstdint>
#include <utility>

#include "vector.h"

namespace convcore::cpu {
namespace {

template <int half, class V, int... i>
[[gnu::always_inline]] inline V zip(V a, V b, std::integer_sequence<int, i...>) {
  constexpr int n = sizeof...(i);
#ifdef __clang__
  return __builtin_shufflevector(a, b, (half * n / 2 + i / 2 + i % 2 * n)...);
#else
  return __builtin_shuffle(a, b, decltype(a == b){(half * n / 2 + i / 2 + i % 2 * n)...});
#endif
}

/// to[j][i] = from[i][j] of n rows of n elements: log2(n) perfect shuffles, each of the lower or upper halves of two
/// rows.
template <class T, int64_t n = kLanesOf<T>>
[[gnu::always_inline]] inline void transpose_square(const T* from, int64_t from_stride, T* to, int64_t to_stride) {
  using V = Vector<T, n>;
  constexpr std::make_integer_sequence<int, n> lanes;
  V rows[n], next[n];
#pragma GCC unroll 16
  for (int64_t i = 0; i < n; ++i) rows[i] = load<T, n>(from + i * from_stride);
#pragma GCC unroll 4
  for (int64_t round = 1; round < n; round *= 2) {
#pragma GCC unroll 8
    for (int64_t i = 0; i < n / 2; ++i) {
      next[2 * i] = zip<0, V>(rows[i], rows[i + n / 2], lanes);
      next[2 * i + 1] = zip<1, V>(rows[i], rows[i + n / 2], lanes);
    }
#pragma GCC unroll 16
    for (int64_t i = 0; i < n; ++i) rows[i] = next[i];
  }
#pragma GCC unroll 16
  for (int64_t i = 0; i < n; ++i) store<T, n>(to + i * to_stride, rows[i]);
}

}  // namespace
}  // namespace convcore::cpu
