// Kernels that compute each element of y from the elements of one or two tensors in the same place.
#pragma once
#include "../buffer.h"
#include "reduction.h"

namespace convcore::cpu {
namespace {

constexpr int64_t kExpGrain = kGrain / 4;  // an exponential counts for four elements

/// y[i] = f(x[i])
template <class F>
[[gnu::always_inline]] inline void map(int64_t n, int64_t grain, const Operand& x, const Operand& y, F f) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* from = x.as<T>();
    T* to = y.as<T>();
    parallel_range(n, grain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = f(from[i]);
    });
  });
}

/// y[i] = f(a[i], b[i])
template <class F>
[[gnu::always_inline]] inline void map(int64_t n, int64_t grain, const Operand& a, const Operand& b, const Operand& y,
                                       F f) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *left = a.as<T>(), *right = b.as<T>();
    T* to = y.as<T>();
    parallel_range(n, grain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = f(left[i], right[i]);
    });
  });
}

}  // namespace
}  // namespace convcore::cpu
