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

}  // namespace

// With s = smoothing / classes and the probabilities p of a row:
// loss = (1 − smoothing) · weight[target] · −log p[target] + s · Σ weight · −log p
void cross_entropy(int64_t n, int64_t classes, int64_t ignore, double smoothing, In x, OptWideIn weight, IndexIn target,
                   WideOut loss, WideOut log_sum_exp, WideOut row_weight) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* weights = weight.as<T>();
    parallel_range(n, row_grain(classes), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* row = x.as<T>() + i * classes;
        const int32_t wanted = target.as<int32_t>()[i];
        T &result = loss.as<T>()[i], &total = log_sum_exp.as<T>()[i], &share = row_weight.as<T>()[i];
        if (wanted == ignore) {
          result = total = share = 0;
          continue;
        }
        const T picked = row[checked_class(wanted, classes)], top = row_max(classes, row);
        const double log_sum = cpu::log(row_sum(classes, [&](int64_t c) { return cpu::exp(row[c] - top); }));
        share = weights ? weights[wanted] : T(1);
        total = static_cast<T>(top + log_sum);
        double sum = (1 - smoothing) * share * (log_sum - (picked - top));
        if (smoothing != 0)
          sum += smoothing / static_cast<double>(classes) * row_sum(classes, [&](int64_t c) {
                   return (weights ? weights[c] : T(1)) * (log_sum - (row[c] - top));
                 });
        result = static_cast<T>(sum);
      }
    });
  });
}

// dx = dloss · (p · ((1 − smoothing) · weight[target] + s · Σ weight) − s · weight), at the target less
// dloss · (1 − smoothing) · weight[target]
void cross_entropy_backward(int64_t n, int64_t classes, int64_t ignore, double smoothing, In x, OptWideIn weight,
                            IndexIn target, WideIn log_sum_exp, WideIn row_weight, WideIn dloss, Out dx) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* weights = weight.as<T>();
    const double s = smoothing / static_cast<double>(at_least_one(classes));
    const double whole =
        weights ? row_sum(classes, [&](int64_t c) { return weights[c]; }) : static_cast<double>(classes);
    parallel_range(n, row_grain(classes), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* from = x.as<T>() + i * classes;
        T* __restrict to = dx.as<T>() + i * classes;
        const int32_t wanted = target.as<int32_t>()[i];
        if (wanted == ignore) {
          for (int64_t c = 0; c < classes; ++c) to[c] = 0;
          continue;
        }
        const int32_t picked = checked_class(wanted, classes);
        const T total = log_sum_exp.as<T>()[i], gradient = dloss.as<T>()[i];
        const T hard = static_cast<T>((1 - smoothing) * row_weight.as<T>()[i]);
        const T factor = static_cast<T>(hard + s * whole), even = static_cast<T>(s);
        auto slope = [&](int64_t c) { return cpu::exp(from[c] - total) * factor; };
        if (smoothing == 0)
          for (int64_t c = 0; c < classes; ++c) to[c] = slope(c) * gradient;
        else
          for (int64_t c = 0; c < classes; ++c) to[c] = (slope(c) - (weights ? even * weights[c] : even)) * gradient;
        to[picked] = (slope(picked) - hard - (weights ? even * weights[picked] : even)) * gradient;
      }
    });
  });
}

void nll(int64_t n, int64_t classes, int64_t ignore, In x, OptIn weight, IndexIn target, Out loss, Out row_weight) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* weights = weight.as<T>();
    for (int64_t i = 0; i < n; ++i) {
      const int32_t wanted = target.as<int32_t>()[i];
      const bool ignored = wanted == ignore;
      const int64_t picked = ignored ? 0 : checked_class(wanted, classes);
      const T share = ignored ? T(0) : weights ? weights[picked] : T(1);
      row_weight.as<T>()[i] = share;
      loss.as<T>()[i] = ignored ? T(0) : -share * x.as<T>()[i * classes + picked];
    }
  });
}

// Where a target is ignored its row's weight is 0.
void nll_backward(int64_t n, int64_t classes, IndexIn target, In row_weight, In dloss, Out dx) {
  dispatch_float(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_range(n, at_least_one(kGrain / at_least_one(classes)), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        T* to = dx.as<T>() + i * classes;
        for (int64_t c = 0; c < classes; ++c) to[c] = 0;
        const int32_t picked = target.as<int32_t>()[i];
        if (picked >= 0 && picked < classes) to[picked] = -row_weight.as<T>()[i] * dloss.as<T>()[i];
      }
    });
  });
}

}  // namespace convcore::cpu::ISA
