#include <limits>

#include "elementary.h"
#include "kernels.h"
#include "map.h"

namespace convcore::cpu::ISA {
namespace {

/// The softmax family works along n of [outer, n, inner]. rows(offset) handles one vector of n neighbours, for inner =
/// 1; columns(offset, width) handles `width` vectors at once, whose j-th elements start at offset + j · inner.
template <class Rows, class Columns>
[[gnu::always_inline]] inline void for_each_vector(int64_t outer, int64_t n, int64_t inner, Rows rows,
                                                   Columns columns) {
  if (n == 0 || inner == 0) return;
  if (inner == 1)
    return parallel_range(outer, at_least_one(kExpGrain / n), [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o) rows(o * n);
    });
  const int64_t tiles = divide_up(inner, kTile), work = n * lesser(inner, kTile);
  parallel_range(outer * tiles, at_least_one(kExpGrain / work), [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t first = item % tiles * kTile;
      columns(item / tiles * n * inner + first, lesser(kTile, inner - first));
    }
  });
}

/// The greatest of each column; NaN is passed over.
template <class T>
[[gnu::always_inline]] inline void column_max(int64_t n, int64_t inner, int64_t width, const T* x, T (&top)[kTile]) {
  for (int64_t c = 0; c < width; ++c) top[c] = -std::numeric_limits<T>::infinity();
  for (int64_t j = 0; j < n; ++j)
    for (int64_t c = 0; c < width; ++c) top[c] = x[j * inner + c] > top[c] ? x[j * inner + c] : top[c];
}

/// totals[c] = Σ term(i) over the elements i = j · inner + c of each column.
template <class Term>
[[gnu::always_inline]] inline void column_totals(int64_t n, int64_t inner, int64_t width, double (&totals)[kTile],
                                                 Term term) {
  for (int64_t c = 0; c < width; ++c) totals[c] = 0;
  for (int64_t j = 0; j < n; ++j)
    for (int64_t c = 0; c < width; ++c) totals[c] += term(j * inner + c, c);
}

/// body(i, c) for the elements i = j · inner + c of each column.
template <class Body>
[[gnu::always_inline]] inline void for_each_cell(int64_t n, int64_t inner, int64_t width, Body body) {
  for (int64_t j = 0; j < n; ++j)
    for (int64_t c = 0; c < width; ++c) body(j * inner + c, c);
}

}  // namespace

void softmax(int64_t outer, int64_t n, int64_t inner, In x, Out y) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    auto rows = [&](int64_t offset) {
      const T* from = x.as<T>() + offset;
      T* __restrict to = y.as<T>() + offset;
      const T top = row_max(n, from);
      for (int64_t i = 0; i < n; ++i) to[i] = cpu::exp(from[i] - top);
      const T factor = static_cast<T>(1 / row_sum(n, [&](int64_t i) { return to[i]; }));
      for (int64_t i = 0; i < n; ++i) to[i] *= factor;
    };
    auto columns = [&](int64_t offset, int64_t width) {
      const T* from = x.as<T>() + offset;
      T* __restrict to = y.as<T>() + offset;
      T top[kTile];
      double totals[kTile];
      column_max(n, inner, width, from, top);
      column_totals(n, inner, width, totals, [&](int64_t i, int64_t c) { return to[i] = cpu::exp(from[i] - top[c]); });
      T factor[kTile];
      for (int64_t c = 0; c < width; ++c) factor[c] = static_cast<T>(1 / totals[c]);
      for_each_cell(n, inner, width, [&](int64_t i, int64_t c) { to[i] *= factor[c]; });
    };
    for_each_vector(outer, n, inner, rows, columns);
  });
}

// dx = y · (dy − Σ y·dy)
void softmax_backward(int64_t outer, int64_t n, int64_t inner, In y, In dy, Out dx) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    auto rows = [&](int64_t offset) {
      const T *output = y.as<T>() + offset, *gradient = dy.as<T>() + offset;
      T* __restrict to = dx.as<T>() + offset;
      const T dot = static_cast<T>(row_sum(n, [&](int64_t i) { return output[i] * gradient[i]; }));
      for (int64_t i = 0; i < n; ++i) to[i] = output[i] * (gradient[i] - dot);
    };
    auto columns = [&](int64_t offset, int64_t width) {
      const T *output = y.as<T>() + offset, *gradient = dy.as<T>() + offset;
      T* __restrict to = dx.as<T>() + offset;
      double dots[kTile];
      column_totals(n, inner, width, dots, [&](int64_t i, int64_t) { return output[i] * gradient[i]; });
      for_each_cell(n, inner, width,
                    [&](int64_t i, int64_t c) { to[i] = output[i] * (gradient[i] - static_cast<T>(dots[c])); });
    };
    for_each_vector(outer, n, inner, rows, columns);
  });
}

void log_softmax(int64_t outer, int64_t n, int64_t inner, In x, Out y) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    auto rows = [&](int64_t offset) {
      const T* from = x.as<T>() + offset;
      T* __restrict to = y.as<T>() + offset;
      const T top = row_max(n, from);
      const T log_sum = static_cast<T>(cpu::log(row_sum(n, [&](int64_t i) { return cpu::exp(from[i] - top); })));
      for (int64_t i = 0; i < n; ++i) to[i] = from[i] - top - log_sum;
    };
    auto columns = [&](int64_t offset, int64_t width) {
      const T* from = x.as<T>() + offset;
      T* __restrict to = y.as<T>() + offset;
      T top[kTile], log_sum[kTile];
      double totals[kTile];
      column_max(n, inner, width, from, top);
      column_totals(n, inner, width, totals, [&](int64_t i, int64_t c) { return cpu::exp(from[i] - top[c]); });
      for (int64_t c = 0; c < width; ++c) log_sum[c] = static_cast<T>(cpu::log(totals[c]));
      for_each_cell(n, inner, width, [&](int64_t i, int64_t c) { to[i] = from[i] - top[c] - log_sum[c]; });
    };
    for_each_vector(outer, n, inner, rows, columns);
  });
}

// dx = dy − exp(y) · Σ dy
void log_softmax_backward(int64_t outer, int64_t n, int64_t inner, In y, In dy, Out dx) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    auto rows = [&](int64_t offset) {
      const T *output = y.as<T>() + offset, *gradient = dy.as<T>() + offset;
      T* __restrict to = dx.as<T>() + offset;
      const T total = static_cast<T>(row_sum(n, [&](int64_t i) { return gradient[i]; }));
      for (int64_t i = 0; i < n; ++i) to[i] = gradient[i] - cpu::exp(output[i]) * total;
    };
    auto columns = [&](int64_t offset, int64_t width) {
      const T *output = y.as<T>() + offset, *gradient = dy.as<T>() + offset;
      T* __restrict to = dx.as<T>() + offset;
      double totals[kTile];
      column_totals(n, inner, width, totals, [&](int64_t i, int64_t) { return gradient[i]; });
      for_each_cell(n, inner, width, [&](int64_t i, int64_t c) {
        to[i] = gradient[i] - cpu::exp(output[i]) * static_cast<T>(totals[c]);
      });
    };
    for_each_vector(outer, n, inner, rows, columns);
  });
}

}  // namespace convcore::cpu::ISA
