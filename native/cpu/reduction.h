// Reductions that several kernels share. Sums are taken in float64, in an order that depends on the sizes alone.
#pragma once
#include <cstdint>
#include <limits>

#include "../scratch.h"
#include "sizes.h"
#include "threads.h"
#include "vector.h"

namespace convcore::cpu {
namespace {

constexpr int64_t kGrain = 32768;  // elements of one chunk of light work
constexpr int64_t kLanes = 16;
constexpr int64_t kTile = 256;  // columns whose accumulators stay in the first-level cache

/// Σ term(i) for i in [0, n).
template <class Term>
[[gnu::always_inline]] inline double row_sum(int64_t n, Term term) {
  double lanes[kLanes] = {};
  int64_t i = 0;
  // Four terms at a time, added in their own type, save most of the conversions.
  for (; i + 4 * kLanes <= n; i += 4 * kLanes)
    for (int64_t l = 0; l < kLanes; ++l)
      lanes[l] += (term(i + l) + term(i + kLanes + l)) + (term(i + 2 * kLanes + l) + term(i + 3 * kLanes + l));
  for (; i + kLanes <= n; i += kLanes)
    for (int64_t l = 0; l < kLanes; ++l) lanes[l] += term(i + l);
  for (int64_t l = 0; i + l < n; ++l) lanes[l] += term(i + l);
  for (int64_t half = kLanes / 2; half > 0; half /= 2)
    for (int64_t l = 0; l < half; ++l) lanes[l] += lanes[half + l];
  return lanes[0];
}

/// The greatest of n elements; NaN is passed over, and −∞ is the greatest of none.
template <class T>
[[gnu::always_inline]] inline T row_max(int64_t n, const T* x) {
  constexpr int64_t lanes = kLanesOf<T>, kVectors = 4;
  constexpr T lowest = -std::numeric_limits<T>::infinity();
  T result = lowest;
  if (n < lanes) {
    for (int64_t i = 0; i < n; ++i) result = x[i] > result ? x[i] : result;
    return result;
  }
  Vector<T> best[kVectors];
  for (auto& each : best) each = Vector<T>{} + lowest;
  auto meet = [](Vector<T>& most, Vector<T> v) { most = v > most ? v : most; };
  int64_t i = 0;
  for (; i + kVectors * lanes <= n; i += kVectors * lanes)
    for (int64_t v = 0; v < kVectors; ++v) meet(best[v], load(x + i + v * lanes));
  for (; i + lanes <= n; i += lanes) meet(best[0], load(x + i));
  meet(best[1], load(x + n - lanes));
  for (int64_t v = 1; v < kVectors; ++v) meet(best[0], best[v]);
  for (int64_t l = 0; l < lanes; ++l) result = best[0][l] > result ? best[0][l] : result;
  return result;
}

/// A matrix [n, inner] taken as wide rows, `fold` rows side by side, so that narrow matrices fill vectors too. The last
/// wide row may be short.
struct WideRows {
  int64_t n, inner, fold = 1;

  [[gnu::always_inline]] WideRows(int64_t n, int64_t inner) : n(n), inner(inner) {
    while (2 * fold <= n && 2 * fold * inner <= kTile) fold *= 2;
  }
  [[gnu::always_inline]] int64_t width() const { return fold * inner; }
  [[gnu::always_inline]] int64_t count() const { return divide_up(n, fold); }
  [[gnu::always_inline]] int64_t width_of(int64_t row) const { return lesser(fold, n - row * fold) * inner; }
};

/// sums[k][c] = Σ over the wide rows [begin, end) of the k-th term of column first + c, for c < width. terms(i, c, t)
/// puts the K terms of element i, which lies in wide column c, into t.
template <class T, int K, class Terms>
[[gnu::always_inline]] inline void sum_wide_rows(const WideRows& rows, int64_t begin, int64_t end, int64_t first,
                                                 int64_t width, double (&sums)[K][kTile], Terms terms) {
  for (int k = 0; k < K; ++k)
    for (int64_t c = 0; c < width; ++c) sums[k][c] = 0;
  const int64_t stride = rows.width();
  const int64_t whole = rows.width_of(end - 1) == stride ? end : end - 1;
  int64_t row = begin;
  // Eight rows at a time, added in T, save most of the traffic of the accumulators. Terms that store something, an
  // element each, do not keep the loop from being vectorised.
  for (; row + 8 <= whole; row += 8)
#pragma GCC ivdep
    for (int64_t c = 0; c < width; ++c) {
      T t[8][K];
#pragma GCC unroll 8
      for (int64_t j = 0; j < 8; ++j) terms((row + j) * stride + first + c, first + c, t[j]);
#pragma GCC unroll 2
      for (int k = 0; k < K; ++k)
        sums[k][c] += ((t[0][k] + t[1][k]) + (t[2][k] + t[3][k])) + ((t[4][k] + t[5][k]) + (t[6][k] + t[7][k]));
    }
  for (; row < end; ++row)
    for (int64_t c = 0, filled = lesser(width, rows.width_of(row) - first); c < filled; ++c) {
      T t[K];
      terms(row * stride + first + c, first + c, t);
#pragma GCC unroll 2
      for (int k = 0; k < K; ++k) sums[k][c] += t[k];
    }
}

/// K sums down each column of [outer, n, inner]. terms(o, i, c, t) is as above within the o-th matrix; emit(o, c, sums)
/// takes the K sums of one column.
template <class T, int K, class Terms, class Emit>
[[gnu::always_inline]] inline void column_sums(int64_t outer, int64_t n, int64_t inner, Terms terms, Emit emit) {
  if (outer == 0 || inner == 0) return;
  const WideRows rows(n, inner);
  const int64_t tile = lesser(rows.width(), kTile), tiles = divide_up(rows.width(), tile);
  const int64_t block = kGrain / tile, blocks = at_least_one(divide_up(rows.count(), block));
  const Scratch scratch(blocks > 1 ? outer * blocks * K * inner * int64_t{sizeof(double)} : 0);
  double* partial = scratch.as<double>();  // [outer, blocks, K, inner]

  const int64_t work = at_least_one(lesser(block, rows.count()) * tile);
  parallel_range(outer * blocks * tiles, at_least_one(kGrain / work), [&](int64_t item, int64_t last) {
    for (; item < last; ++item) {
      const int64_t first = item % tiles * tile, b = item / tiles % blocks, o = item / tiles / blocks;
      const int64_t begin = b * block, end = lesser(begin + block, rows.count());
      const int64_t width = lesser(tile, rows.width() - first);
      double sums[K][kTile];
      if (n == 0)
        for (auto& s : sums) __builtin_memset(s, 0, sizeof s);
      else
        sum_wide_rows<T>(rows, begin, end, first, width, sums,
                         [&](int64_t i, int64_t c, T(&t)[K]) { terms(o, i, c, t); });
      for (int64_t half = rows.fold / 2 * inner; half >= inner; half /= 2)
        for (int k = 0; k < K; ++k)
          for (int64_t c = 0; c < half; ++c) sums[k][c] += sums[k][half + c];
      for (int64_t c = 0, columns = lesser(width, inner); c < columns; ++c) {
        double s[K];
        for (int k = 0; k < K; ++k) s[k] = sums[k][c];
        if (blocks == 1)
          emit(o, first + c, s);
        else
          for (int k = 0; k < K; ++k) partial[((o * blocks + b) * K + k) * inner + first + c] = s[k];
      }
    }
  });

  if (blocks > 1)
    parallel_range(outer * inner, at_least_one(kGrain / blocks), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const double* column = partial + i / inner * blocks * K * inner + i % inner;
        double s[K] = {};
        for (int64_t b = 0; b < blocks; ++b)
          for (int k = 0; k < K; ++k) s[k] += column[(b * K + k) * inner];
        emit(i / inner, i % inner, s);
      }
    });
}

}  // namespace
}  // namespace convcore::cpu
