#include <atomic>
#include <cmath>

#include "../check.h"
#include "../scratch.h"
#include "kernels.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kGrain = 1 << 14;  // elements per chunk

/// f(i, begin, end) over the elements of every tensor i, in parallel over their concatenation, so that many small
/// tensors cost as little as a large one.
template <class F>
void for_elements(const Many& tensors, F f) {
  Scratch memory((tensors.length + 1) * sizeof(int64_t));
  int64_t* starts = memory.as<int64_t>();
  starts[0] = 0;
  for (int64_t i = 0; i < tensors.length; ++i) starts[i + 1] = starts[i] + tensors[i].count;
  const int64_t length = tensors.length;
  parallel_range(starts[length], kGrain, [=](int64_t begin, int64_t end) {
    int64_t i = 0;
    for (int64_t above = length; above - i > 1;) {
      const int64_t middle = (i + above) / 2;
      (starts[middle] <= begin ? i : above) = middle;
    }
    for (; begin < end; ++i) {
      const int64_t stop = starts[i + 1] < end ? starts[i + 1] : end;
      if (stop > begin) f(i, begin - starts[i], stop - starts[i]);
      begin = stop;
    }
  });
}

}  // namespace

// torch.optim.SGD
void sgd(double lr, double momentum, double dampening, double weight_decay, int64_t nesterov, int64_t first, Ins grads,
         InOuts params, InOuts velocity) {
  if (params.length == 0) return;
  if ((velocity.length == 0) != (momentum == 0))
    fail("expected velocities if and only if there is momentum, got %lld with momentum %g",
         static_cast<long long>(velocity.length), momentum);
  dispatch_float(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const T step = static_cast<T>(-lr), decay = static_cast<T>(weight_decay), keep = static_cast<T>(momentum),
            take = static_cast<T>(1 - dampening);
    for_elements(params, [=](int64_t tensor, int64_t begin, int64_t end) {
      const T* __restrict g = grads[tensor].as<T>();
      T* __restrict p = params[tensor].as<T>();
      T* __restrict v = keep != 0 ? velocity[tensor].as<T>() : nullptr;
      auto gradient = [=](int64_t i) { return decay != 0 ? g[i] + decay * p[i] : g[i]; };
      if (!v)
        for (int64_t i = begin; i < end; ++i) p[i] += step * gradient(i);
      else
        for (int64_t i = begin; i < end; ++i) {
          const T d = gradient(i);
          v[i] = first ? d : v[i] * keep + take * d;
          p[i] += step * (nesterov ? d + keep * v[i] : v[i]);
        }
    });
  });
}

// torch.optim.Adam, and AdamW when decoupled
void adam(double lr, double beta1, double beta2, double eps, double weight_decay, int64_t decoupled, int64_t step,
          Ins grads, InOuts params, InOuts exp_avg, InOuts exp_avg_sq) {
  if (params.length == 0) return;
  if (exp_avg.length != params.length || exp_avg_sq.length != params.length)
    fail("expected %lld moments of each kind, got %lld and %lld", static_cast<long long>(params.length),
         static_cast<long long>(exp_avg.length), static_cast<long long>(exp_avg_sq.length));
  const double correction1 = 1 - std::pow(beta1, static_cast<double>(step));
  const double correction2 = 1 - std::pow(beta2, static_cast<double>(step));
  dispatch_float(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const T shrink = static_cast<T>(decoupled ? 1 - lr * weight_decay : 1);
    const T decay = static_cast<T>(decoupled ? 0 : weight_decay);
    const T weight1 = static_cast<T>(1 - beta1), keep2 = static_cast<T>(beta2), weight2 = static_cast<T>(1 - beta2);
    const T root2 = static_cast<T>(std::sqrt(correction2)), epsilon = static_cast<T>(eps);
    const T stride = static_cast<T>(-lr / correction1);
    for_elements(params, [=](int64_t tensor, int64_t begin, int64_t end) {
      const T* __restrict g = grads[tensor].as<T>();
      T* __restrict p = params[tensor].as<T>();
      T* __restrict m = exp_avg[tensor].as<T>();
      T* __restrict v = exp_avg_sq[tensor].as<T>();
      for (int64_t i = begin; i < end; ++i) {
        const T w = p[i] * shrink;
        const T d = decay != 0 ? g[i] + decay * w : g[i];
        const T toward = d - m[i];
        m[i] = weight1 < T(0.5) ? m[i] + weight1 * toward : d - toward * (1 - weight1);
        v[i] = v[i] * keep2 + weight2 * d * d;
        p[i] = w + stride * m[i] / (std::sqrt(v[i]) / root2 + epsilon);
      }
    });
  });
}

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

}  // namespace convcore::cpu::ISA
