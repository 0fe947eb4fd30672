#include "../check.h"
#include "elementary.h"
#include "kernels.h"
#include "reduction.h"

namespace convcore::cpu::ISA {
namespace {

[[gnu::always_inline]] inline int32_t checked_class(int32_t target, int64_t classes) {
  if (target < 0 || target >= classes)
    fail("expected class index in [0, %lld), got %d", static_cast<long long>(classes), target);
  return target;
}

/// Rows of one chunk; an exponential counts for four elements.
int64_t row_grain(int64_t classes) { return at_least_one(kGrain / 4 / at_least_one(classes)); }

/// Log-likelihoods of binary targets stay above −100, as in PyTorch.
template <class T>
[[gnu::always_inline]] inline T clamped(T log_likelihood) {
  return log_likelihood < -100 ? T(-100) : log_likelihood;
}

}  // namespace

void cross_entropy(int64_t n, int64_t classes, In x, IndexIn target, Out loss, WideOut log_sum_exp) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_range(n, row_grain(classes), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* row = x.as<T>() + i * classes;
        const T picked = row[checked_class(target.as<int32_t>()[i], classes)], top = row_max(classes, row);
        const double log_sum = cpu::log(row_sum(classes, [&](int64_t c) { return cpu::exp(row[c] - top); }));
        loss.as<T>()[i] = static_cast<T>(log_sum - (picked - top));
        log_sum_exp.as<T>()[i] = static_cast<T>(top + log_sum);
      }
    });
  });
}

void cross_entropy_backward(int64_t n, int64_t classes, In x, IndexIn target, WideIn log_sum_exp, In dloss, Out dx) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_range(n, row_grain(classes), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* from = x.as<T>() + i * classes;
        T* __restrict to = dx.as<T>() + i * classes;
        const T total = log_sum_exp.as<T>()[i], gradient = dloss.as<T>()[i];
        const int32_t picked = checked_class(target.as<int32_t>()[i], classes);
        for (int64_t c = 0; c < classes; ++c) to[c] = cpu::exp(from[c] - total) * gradient;
        to[picked] = (cpu::exp(from[picked] - total) - 1) * gradient;
      }
    });
  });
}

void bce(int64_t n, In x, In target, Out loss) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *from = x.as<T>(), *wanted = target.as<T>();
    T* to = loss.as<T>();
    parallel_range(n, kGrain / 8, [=](int64_t begin, int64_t end) {
      int bad = 0;
      for (int64_t i = begin; i < end; ++i) bad |= !((from[i] >= 0) & (from[i] <= 1));
      for (int64_t i = begin; bad && i < end; ++i)
        if (!(from[i] >= 0 && from[i] <= 1)) fail("expected probabilities in [0, 1], got %g", double{from[i]});
      for (int64_t i = begin; i < end; ++i)
        to[i] = (wanted[i] - 1) * clamped(cpu::log1p(-from[i])) - wanted[i] * clamped(cpu::log(from[i]));
    });
  });
}

void bce_backward(int64_t n, In x, In target, In dloss, Out dx) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *from = x.as<T>(), *wanted = target.as<T>(), *gradient = dloss.as<T>();
    T* to = dx.as<T>();
    parallel_range(n, kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T variance = (1 - from[i]) * from[i];
        to[i] = gradient[i] * (from[i] - wanted[i]) / (variance < T(1e-12) ? T(1e-12) : variance);
      }
    });
  });
}

}  // namespace convcore::cpu::ISA
