// The innermost product: a tile of C in registers, one row of B panel and one column of A panel at a time.
#pragma once
#include <utility>

#include "vector.h"

namespace convcore::cpu {
namespace {

// Rows of a tile, so that accumulators, one row of B and one element of A fill the registers: 32 of them with AVX-512,
// else 16.
#if defined(__AVX512F__)
constexpr int64_t kTileRows = 14;
#elif defined(__AVX__)
constexpr int64_t kTileRows = 6;
#else
constexpr int64_t kTileRows = 4;
#endif
constexpr int64_t kTileVectors = 2;

template <class T>
constexpr int64_t kTileColumns = kTileVectors * kLanesOf<T>;

/// Longest sum that one call takes; longer ones are sums of such blocks, which also keeps rounding small.
constexpr int64_t kDepth = 256;

/// Elements between rows of an A panel that is stored by rows. No multiple of 4096 bytes, so that its rows do not
/// compete for one cache set; the excess takes what copy_over overruns.
template <class T>
constexpr int64_t kPanelStride = kDepth + kVectorBytes / sizeof(T);

constexpr int64_t kCacheLine = 64;  // bytes

/// Rows of A that one address register serves: x86 adds one or two strides for nothing. A register for each row would
/// be too many of them, and loading them again costs as much as loading A.
constexpr int64_t kRowsOfPointer = 3;

/// What a tile is the product of. The sum runs over `depth` elements, in each of `segments` that lie `a_segment` apart.
/// A(i, l) is a[i · a_stride + l] by rows, or a[l · a_stride + i] by columns; B's row l is at b + l · b_stride, on and
/// on through the segments. Meanwhile the cache lines from `ahead` on, one for each l, come to the second-level cache:
/// what a later product reads from memory would take longer to wait for than to multiply.
template <class T>
struct Factors {
  int64_t depth;
  const T* a;
  int64_t a_stride;
  const T* b;
  int64_t b_stride;
  int64_t segments = 1, a_segment = 0;
  const T* ahead = nullptr;
};

/// rows[i][column + j] = (first ? first[j] : rows[i][column + j]) + Σ over l of A(i, l) · B(l, j)
/// for the R × W·lanes tile.
template <class T>
using Microkernel = void (*)(const Factors<T>& factors, const T* first, T* const* rows, int64_t column);

template <class T, bool ByRows, int64_t W, int64_t R>
void microkernel(const Factors<T>& factors, const T* first, T* const* rows, int64_t column) {
  constexpr int64_t lanes = kLanesOf<T>;
  Vector<T> sum[R][W] = {};
  const T* b = factors.b;
  const T* ahead = factors.ahead ? factors.ahead : factors.a;
  const int64_t ahead_step = factors.ahead ? kCacheLine / sizeof(T) : 0;
  const int64_t stride = factors.a_stride, b_stride = factors.b_stride, depth = factors.depth;
  for (int64_t segment = 0; segment < factors.segments; ++segment) {
    const T* a = factors.a + segment * factors.a_segment;
    const T* rows_of_a[(R + kRowsOfPointer - 1) / kRowsOfPointer];
#pragma GCC unroll 5
    for (int64_t i = 0; i < R; i += kRowsOfPointer) rows_of_a[i / kRowsOfPointer] = a + i * stride;
#pragma GCC unroll 2
    for (int64_t l = 0; l < depth; ++l, b += b_stride) {
      Vector<T> row[W];
#pragma GCC unroll 2
      for (int64_t j = 0; j < W; ++j) row[j] = load(b + j * lanes);
      __builtin_prefetch(ahead, 0, 2);
      ahead += ahead_step;
#pragma GCC unroll 14
      for (int64_t i = 0; i < R; ++i) {
        T factor = ByRows ? rows_of_a[i / kRowsOfPointer][i % kRowsOfPointer * stride] : a[l * stride + i];
#pragma GCC unroll 2
        for (int64_t j = 0; j < W; ++j) sum[i][j] += factor * row[j];
      }
#pragma GCC unroll 5
      for (const T*& each : rows_of_a) ++each;
    }
  }
#pragma GCC unroll 14
  for (int64_t i = 0; i < R; ++i) {
    T* c = rows[i] + column;
#pragma GCC unroll 2
    for (int64_t j = 0; j < W; ++j) {
      Vector<T> before = load(first ? first + j * lanes : c + j * lanes);
      store(c + j * lanes, before + sum[i][j]);
    }
  }
}

template <class T, bool ByRows, int64_t W, int64_t... R>
constexpr Microkernel<T> pick(int64_t rows, std::integer_sequence<int64_t, R...>) {
  constexpr Microkernel<T> table[] = {microkernel<T, ByRows, W, R + 1>...};
  return table[rows - 1];
}

/// The microkernel for a tile of 1 … kTileRows rows and 1 or 2 vectors of columns.
template <class T, bool ByRows>
Microkernel<T> microkernel_for(int64_t vectors, int64_t rows) {
  constexpr auto each = std::make_integer_sequence<int64_t, kTileRows>{};
  return vectors == 1 ? pick<T, ByRows, 1>(rows, each) : pick<T, ByRows, 2>(rows, each);
}

}  // namespace
}  // namespace convcore::cpu
