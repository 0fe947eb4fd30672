#include <atomic>
#include <cmath>

#include "lists.h"
#include "reduction.h"

namespace convcore::cpu::ISA {
namespace {

/// The greater of two; NaN where one is NaN.
[[gnu::always_inline]] inline double greater(double a, double b) { return a > b || a != a ? a : b; }

/// Σ |x|^p over n elements, or the greatest |x| for infinite p.
template <class T>
double power_sum(double p, int64_t n, const T* x) {
  if (p == 2) return row_sum(n, [=](int64_t i) { return static_cast<double>(x[i]) * static_cast<double>(x[i]); });
  if (p == 1) return row_sum(n, [=](int64_t i) { return std::fabs(static_cast<double>(x[i])); });
  if (!std::isinf(p)) return row_sum(n, [=](int64_t i) { return std::pow(std::fabs(static_cast<double>(x[i])), p); });
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int64_t l = 0; l < kLanes; ++l) lanes[l] = greater(std::fabs(static_cast<double>(x[i + l])), lanes[l]);
  for (int64_t l = 0; i + l < n; ++l) lanes[l] = greater(std::fabs(static_cast<double>(x[i + l])), lanes[l]);
  double result = 0;
  for (double lane : lanes) result = greater(lane, result);
  return result;
}

}  // namespace

// torch._amp_foreach_non_finite_check_and_unscale_
void unscale(double factor, InOuts grads, WideOut found) {
  dispatch_float(found.dtype, [&](auto zero) {
    using T = decltype(zero);
    std::atomic<bool> bad{false};
    for_elements(grads, [&, factor](int64_t tensor, int64_t begin, int64_t end) {
      T* g = grads[tensor].as<T>() + begin;
      T sum = 0;  // of zeros, where all is finite
      for (int64_t i = 0; i < end - begin; ++i) {
        sum += g[i] - g[i];
        g[i] *= static_cast<T>(factor);
      }
      if (sum != 0) bad = true;
    });
    *found.as<T>() = bad;
  });
}

// torch.nn.utils.get_total_norm
void total_norm(double p, Ins tensors, WideOut norm) {
  dispatch_float(norm.dtype, [&](auto zero) {
    using T = decltype(zero);
    const bool top = std::isinf(p);
    const int64_t chunks = divide_up(total_count(tensors), kListGrain);
    const Scratch scratch(chunks * sizeof(double));
    double* partial = scratch.as<double>();
    for (int64_t c = 0; c < chunks; ++c) partial[c] = 0;
    for_pieces(tensors, [=](int64_t chunk, int64_t tensor, int64_t begin, int64_t end) {
      const double part = power_sum(p, end - begin, tensors[tensor].as<T>() + begin);
      partial[chunk] = top ? greater(part, partial[chunk]) : partial[chunk] + part;
    });
    double total = 0;
    for (int64_t c = 0; c < chunks; ++c) total = top ? greater(partial[c], total) : total + partial[c];
    if (p == 2)
      total = std::sqrt(total);
    else if (p != 1 && !top)
      total = std::pow(total, 1 / p);
    *norm.as<T>() = static_cast<T>(total);
  });
}

// The end of torch.nn.utils.clip_grad_norm_
void clip_norm(double max_norm, InOuts tensors, WideIn norm) {
  dispatch_float(norm.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T factor = static_cast<T>(max_norm) / (*norm.as<T>() + static_cast<T>(1e-6));
    if (factor >= 1) return;
    for_elements(tensors, [=](int64_t tensor, int64_t begin, int64_t end) {
      T* x = tensors[tensor].as<T>();
      for (int64_t i = begin; i < end; ++i) x[i] *= factor;
    });
  });
}

// torch.nn.utils.clip_grad_value_; NaN stays
void clip_value(double limit, InOuts tensors) {
  if (tensors.length == 0) return;
  dispatch_float(tensors[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const T high = static_cast<T>(limit);
    for_elements(tensors, [=](int64_t tensor, int64_t begin, int64_t end) {
      T* x = tensors[tensor].as<T>();
      for (int64_t i = begin; i < end; ++i) {
        const T below = x[i] > high ? high : x[i];
        x[i] = below < -high ? -high : below;
      }
    });
  });
}

// torch._foreach_lerp_
void lerp(double weight, Ins ends, InOuts tensors) {
  if (tensors.length == 0) return;
  dispatch_float(tensors[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const T share = static_cast<T>(weight);
    for_elements(tensors, [=](int64_t tensor, int64_t begin, int64_t end) {
      const T* __restrict to = ends[tensor].as<T>();
      T* __restrict x = tensors[tensor].as<T>();
      for (int64_t i = begin; i < end; ++i) x[i] = blend(x[i], to[i], share);
    });
  });
}

}  // namespace convcore::cpu::ISA
