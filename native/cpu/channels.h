// Arithmetic with numbers of its own for each channel, the last dimension of [outer, rows, channels].
#pragma once
#include "reduction.h"

namespace convcore::cpu {
namespace {

/// Copies the first `inner` values over the whole width of a wide row.
template <class T>
void repeat(const WideRows& rows, T* values) {
  for (int64_t c = rows.inner; c < rows.width(); ++c) values[c] = values[c - rows.inner];
}

/// body(o, i, c) for every element i of the o-th of `outer` matrices and its wide column c. From the last chunk to the
/// first: where a pass over the same elements went before, the caches still hold those that it read last.
template <class Body>
[[gnu::always_inline]] inline void for_each_element(int64_t outer, const WideRows& rows, Body body) {
  const int64_t width = rows.width(), count = rows.count(), total = outer * count;
  parallel_range(total, at_least_one(kGrain / at_least_one(width)), [&](int64_t begin, int64_t end) {
    int64_t o = (total - end) / count, row = (total - end) % count;
    for (int64_t left = end - begin; left > 0; --left) {
      for (int64_t c = 0, filled = rows.width_of(row); c < filled; ++c) body(o, row * width + c, c);
      if (++row < count) continue;
      row = 0;
      ++o;
    }
  });
}

/// The mean of up to 16 rows: near enough to the true mean that moments about it do not cancel.
template <class T>
void rough_mean(const WideRows& rows, const T* x, T* mean) {
  const int64_t samples = lesser(rows.n, 16);
  for (int64_t c = 0; c < rows.inner; ++c) mean[c] = 0;
  for (int64_t s = 0; s < samples; ++s) {
    const T* row = x + s * (rows.n / samples) * rows.inner;
    for (int64_t c = 0; c < rows.inner; ++c) mean[c] += row[c] / static_cast<T>(samples);
  }
}

}  // namespace
}  // namespace convcore::cpu
