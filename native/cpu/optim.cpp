#include <cmath>

#include "../check.h"
#include "lists.h"

namespace convcore::cpu::ISA {
namespace {

/// The gradient of the i-th element: turned round to maximise, with the L2 penalty's share.
template <class T>
struct Gradient {
  T sign, decay;
  Gradient(int64_t maximize, double weight_decay) : sign(maximize ? -1 : 1), decay(static_cast<T>(weight_decay)) {}
  [[gnu::always_inline]] T operator()(T g, T p) const { return decay != 0 ? sign * g + decay * p : sign * g; }
};

}  // namespace

// torch.optim.SGD
void sgd(double lr, double momentum, double dampening, double weight_decay, int64_t nesterov, int64_t maximize,
         int64_t first, Ins grads, InOuts params, InOuts velocity) {
  if (params.length == 0) return;
  expect_list(velocity, params, momentum != 0, "velocity");
  dispatch_float(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const T step = static_cast<T>(-lr), keep = static_cast<T>(momentum), take = static_cast<T>(1 - dampening);
    const Gradient<T> gradient(maximize, weight_decay);
    for_elements(params, [=](int64_t tensor, int64_t begin, int64_t end) {
      const T* __restrict g = grads[tensor].as<T>();
      T* __restrict p = params[tensor].as<T>();
      T* __restrict v = elements<T>(velocity, tensor);
      if (!v)
        for (int64_t i = begin; i < end; ++i) p[i] += step * gradient(g[i], p[i]);
      else
        for (int64_t i = begin; i < end; ++i) {
          const T d = gradient(g[i], p[i]);
          v[i] = first ? d : v[i] * keep + take * d;
          p[i] += step * (nesterov ? d + keep * v[i] : v[i]);
        }
    });
  });
}

// torch.optim.Adam, AdamW and, with a grad_rate, NAdam
void adam(double mean_rate, double grad_rate, double beta1, double beta2, double eps, double correction2, double shrink,
          double weight_decay, int64_t maximize, Ins grads, InOuts params, InOuts exp_avg, InOuts exp_avg_sq,
          InOuts max_exp_avg_sq) {
  if (params.length == 0) return;
  expect_list(exp_avg, params, true, "exp_avg");
  expect_list(exp_avg_sq, params, true, "exp_avg_sq");
  expect_list(max_exp_avg_sq, params, max_exp_avg_sq.length != 0, "max_exp_avg_sq");
  dispatch_float(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const T kept = static_cast<T>(shrink), epsilon = static_cast<T>(eps);
    const T weight1 = static_cast<T>(1 - beta1), keep2 = static_cast<T>(beta2), weight2 = static_cast<T>(1 - beta2);
    const T root2 = static_cast<T>(std::sqrt(correction2));
    const T along_mean = static_cast<T>(-mean_rate), along_grad = static_cast<T>(-grad_rate);
    const Gradient<T> gradient(maximize, weight_decay);
    for_elements(params, [=](int64_t tensor, int64_t begin, int64_t end) {
      const T* __restrict g = grads[tensor].as<T>();
      T* __restrict p = params[tensor].as<T>();
      T* __restrict m = exp_avg[tensor].as<T>();
      T* __restrict v = exp_avg_sq[tensor].as<T>();
      T* __restrict top = elements<T>(max_exp_avg_sq, tensor);
      auto update = [=](int64_t i, T square) {
        const T w = p[i] * kept, d = gradient(g[i], w);
        const T along = along_grad != 0 ? along_mean * m[i] + along_grad * d : along_mean * m[i];
        p[i] = w + along / (std::sqrt(square) / root2 + epsilon);
      };
      auto remember = [=](int64_t i) {
        const T d = gradient(g[i], p[i] * kept);
        m[i] = blend(m[i], d, weight1);
        v[i] = v[i] * keep2 + weight2 * d * d;
      };
      if (!top)
        for (int64_t i = begin; i < end; ++i) {
          remember(i);
          update(i, v[i]);
        }
      else
        for (int64_t i = begin; i < end; ++i) {
          remember(i);
          top[i] = v[i] > top[i] || v[i] != v[i] ? v[i] : top[i];
          update(i, top[i]);
        }
    });
  });
}

// torch.optim.RMSprop and, with keep = take = 1, Adagrad
void rmsprop(double lr, double keep, double take, double eps, double momentum, double weight_decay, int64_t maximize,
             Ins grads, InOuts params, InOuts square_avg, InOuts grad_avg, InOuts velocity) {
  if (params.length == 0) return;
  expect_list(square_avg, params, true, "square_avg");
  expect_list(grad_avg, params, grad_avg.length != 0, "grad_avg");
  expect_list(velocity, params, momentum != 0, "velocity");
  dispatch_float(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const T step = static_cast<T>(-lr), old = static_cast<T>(keep), fresh = static_cast<T>(take);
    const T epsilon = static_cast<T>(eps), inertia = static_cast<T>(momentum);
    const Gradient<T> gradient(maximize, weight_decay);
    auto run = [&](auto centered, auto accelerated) {
      for_elements(params, [=](int64_t tensor, int64_t begin, int64_t end) {
        const T* __restrict g = grads[tensor].as<T>();
        T* __restrict p = params[tensor].as<T>();
        T* __restrict s = square_avg[tensor].as<T>();
        T* __restrict mean = elements<T>(grad_avg, tensor);
        T* __restrict v = elements<T>(velocity, tensor);
        for (int64_t i = begin; i < end; ++i) {
          const T d = gradient(g[i], p[i]);
          s[i] = s[i] * old + fresh * d * d;
          T square = s[i];
          if constexpr (centered) {
            mean[i] = blend(mean[i], d, fresh);
            square -= mean[i] * mean[i];
          }
          T along = d / (std::sqrt(square) + epsilon);
          if constexpr (accelerated) along = v[i] = v[i] * inertia + along;
          p[i] += step * along;
        }
      });
    };
    constexpr std::true_type yes;
    constexpr std::false_type no;
    if (grad_avg.length)
      momentum != 0 ? run(yes, yes) : run(yes, no);
    else
      momentum != 0 ? run(no, yes) : run(no, no);
  });
}

// torch.optim.Adadelta
void adadelta(double lr, double rho, double eps, double weight_decay, int64_t maximize, Ins grads, InOuts params,
              InOuts square_avg, InOuts acc_delta) {
  if (params.length == 0) return;
  expect_list(square_avg, params, true, "square_avg");
  expect_list(acc_delta, params, true, "acc_delta");
  dispatch_float(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const T step = static_cast<T>(-lr), keep = static_cast<T>(rho), take = static_cast<T>(1 - rho);
    const T epsilon = static_cast<T>(eps);
    const Gradient<T> gradient(maximize, weight_decay);
    for_elements(params, [=](int64_t tensor, int64_t begin, int64_t end) {
      const T* __restrict g = grads[tensor].as<T>();
      T* __restrict p = params[tensor].as<T>();
      T* __restrict s = square_avg[tensor].as<T>();
      T* __restrict a = acc_delta[tensor].as<T>();
      for (int64_t i = begin; i < end; ++i) {
        const T d = gradient(g[i], p[i]);
        s[i] = s[i] * keep + take * d * d;
        const T delta = std::sqrt(a[i] + epsilon) / std::sqrt(s[i] + epsilon) * d;
        a[i] = a[i] * keep + take * delta * delta;
        p[i] += step * delta;
      }
    });
  });
}

// Chen et al., "Symbolic discovery of optimization algorithms", algorithm 2
void lion(double lr, double beta1, double beta2, double weight_decay, int64_t maximize, Ins grads, InOuts params,
          InOuts exp_avg) {
  if (params.length == 0) return;
  expect_list(exp_avg, params, true, "exp_avg");
  dispatch_float(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const T step = static_cast<T>(-lr), kept = static_cast<T>(1 - lr * weight_decay);
    const T weight1 = static_cast<T>(1 - beta1), weight2 = static_cast<T>(1 - beta2);
    const Gradient<T> gradient(maximize, 0);
    for_elements(params, [=](int64_t tensor, int64_t begin, int64_t end) {
      const T* __restrict g = grads[tensor].as<T>();
      T* __restrict p = params[tensor].as<T>();
      T* __restrict m = exp_avg[tensor].as<T>();
      for (int64_t i = begin; i < end; ++i) {
        const T d = gradient(g[i], p[i]), c = blend(m[i], d, weight1);
        p[i] = p[i] * kept + step * (c > 0 ? T(1) : c < 0 ? T(-1) : c);
        m[i] = blend(m[i], d, weight2);
      }
    });
  });
}

}  // namespace convcore::cpu::ISA
