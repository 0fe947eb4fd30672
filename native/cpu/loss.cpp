#include "../check.h"
#include "elementary.h"
#include "kernels.h"
#include "map.h"

namespace convcore::cpu::ISA {
namespace {

/// Log-likelihoods of binary targets stay above −100, as in PyTorch.
template <class T>
[[gnu::always_inline]] inline T clamped(T log_likelihood) {
  return log_likelihood < -100 ? T(-100) : log_likelihood;
}

}  // namespace

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

namespace {

/// log(1 + e^x), without overflow.
template <class T>
[[gnu::always_inline]] inline T softplus(T x) {
  const T size = x < 0 ? -x : x;
  return (x > 0 ? x : T(0)) + cpu::log1p(cpu::exp(-size));
}

}  // namespace

// (1 − t) · softplus(x) + positive · softplus(−x): no term cancels another
void bce_logits(int64_t n, In x, In target, OptIn positive, Out loss) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *from = x.as<T>(), *wanted = target.as<T>(), *rewarded = positive ? positive.as<T>() : wanted;
    T* to = loss.as<T>();
    parallel_range(n, kGrain / 8, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        to[i] = (1 - wanted[i]) * softplus(from[i]) + rewarded[i] * softplus(-from[i]);
    });
  });
}

void bce_logits_backward(int64_t n, In x, In target, OptIn positive, In dloss, Out dx) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *from = x.as<T>(), *wanted = target.as<T>(), *rewarded = positive ? positive.as<T>() : wanted;
    const T* gradient = dloss.as<T>();
    T* to = dx.as<T>();
    parallel_range(n, kExpGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T e = cpu::exp(from[i] < 0 ? from[i] : -from[i]), larger = 1 / (1 + e), smaller = e * larger;
        const T up = from[i] < 0 ? smaller : larger, down = from[i] < 0 ? larger : smaller;
        to[i] = gradient[i] * ((1 - wanted[i]) * up - rewarded[i] * down);
      }
    });
  });
}

// scale · m · (|x − t| − m / 2), m = min(|x − t|, delta)
void huber(int64_t n, double delta, double scale, In x, In target, Out loss) {
  map(n, kGrain, x, target, loss, [=](auto v, auto t) {
    using T = decltype(v);
    const T size = v < t ? t - v : v - t, limit = static_cast<T>(delta), least = size > limit ? limit : size;
    return static_cast<T>(scale) * least * (size - T(0.5) * least);
  });
}

void huber_backward(int64_t n, double delta, double scale, In x, In target, In dloss, Out dx) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *from = x.as<T>(), *wanted = target.as<T>(), *gradient = dloss.as<T>();
    const T limit = static_cast<T>(delta), factor = static_cast<T>(scale);
    T* to = dx.as<T>();
    parallel_range(n, kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T d = from[i] - wanted[i], below = d > limit ? limit : d;
        to[i] = gradient[i] * factor * (below < -limit ? -limit : below);
      }
    });
  });
}

// t · (log t − x), which is 0 where t is; of logarithms e^t · (t − x)
void kl_div(int64_t n, int64_t log_target, In x, In target, Out loss) {
  if (log_target) return map(n, kExpGrain, x, target, loss, [](auto v, auto t) { return cpu::exp(t) * (t - v); });
  map(n, kExpGrain, x, target, loss, [](auto v, auto t) {
    using T = decltype(v);
    return (t == 0 ? T(0) : t * cpu::log(t)) - t * v;
  });
}

void kl_div_backward(int64_t n, int64_t log_target, In x, In target, In dloss, OptOut dx, OptOut dtarget) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *from = x.as<T>(), *wanted = target.as<T>(), *gradient = dloss.as<T>();
    T *to = dx.as<T>(), *to_target = dtarget.as<T>();
    parallel_range(n, kExpGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T t = wanted[i], weight = log_target ? cpu::exp(t) : t;
        if (to) to[i] = -gradient[i] * weight;
        if (!to_target) continue;
        to_target[i] = gradient[i] * (log_target ? weight * (t - from[i] + 1) : cpu::log(t) + 1 - from[i]);
      }
    });
  });
}

}  // namespace convcore::cpu::ISA
