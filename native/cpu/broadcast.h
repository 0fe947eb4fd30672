// y[i] = f(a[i], b[i]) over operands that are repeated along some dimensions.
#pragma once
#include "../loops.h"
#include "reduction.h"

namespace convcore::cpu {
namespace {

/// y[i] = f(a[i · step_a], b[i · step_b])
template <class T, class Y, class F>
[[gnu::always_inline]] inline void run(int64_t n, const T* a, int64_t step_a, const T* b, int64_t step_b, Y* y, F f) {
  if (step_a == 1 && step_b == 1) {
    for (int64_t i = 0; i < n; ++i) y[i] = f(a[i], b[i]);
  } else if (step_a == 1 && step_b == 0) {
    for (int64_t i = 0, s = 0; i < n; ++i) y[i] = f(a[i], b[s]);
  } else if (step_a == 0 && step_b == 1) {
    for (int64_t i = 0, s = 0; i < n; ++i) y[i] = f(a[s], b[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) y[i] = f(a[i * step_a], b[i * step_b]);
  }
}

template <class T, class Y, class F>
[[gnu::always_inline]] inline void broadcast(const Broadcast& p, const T* a, const T* b, Y* y, F f) {
  const Loops loops(p);
  parallel_range(p.y(), kGrain, [&](int64_t begin, int64_t end) {
    int64_t at[kMaxRank], offset_a = 0, offset_b = 0;
    for (int64_t d = 0, rest = begin; d < loops.rank; ++d) {
      at[d] = rest % loops.dims[d];
      rest /= loops.dims[d];
      offset_a += at[d] * loops.stride_a[d];
      offset_b += at[d] * loops.stride_b[d];
    }
    while (true) {
      const int64_t length = lesser(loops.dims[0] - at[0], end - begin);
      run(length, a + offset_a, loops.stride_a[0], b + offset_b, loops.stride_b[0], y + begin, f);
      begin += length;
      if (begin == end) return;
      offset_a -= at[0] * loops.stride_a[0];
      offset_b -= at[0] * loops.stride_b[0];
      at[0] = 0;
      for (int64_t d = 1;; ++d) {
        offset_a += loops.stride_a[d];
        offset_b += loops.stride_b[d];
        if (++at[d] < loops.dims[d]) break;
        at[d] = 0;
        offset_a -= loops.dims[d] * loops.stride_a[d];
        offset_b -= loops.dims[d] * loops.stride_b[d];
      }
    }
  });
}

}  // namespace
}  // namespace convcore::cpu
