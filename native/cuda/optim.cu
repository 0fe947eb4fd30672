#include <cmath>

#include "kernels.h"
#include "lists.h"

namespace convcore::cuda {
namespace {

/// The gradient of an element: turned round to maximise, with the L2 penalty's share.
template <class C>
struct Gradient {
  C sign, decay;
  Gradient(int64_t maximize, double weight_decay) : sign(maximize ? -1 : 1), decay(static_cast<C>(weight_decay)) {}
  __device__ C operator()(C g, C p) const { return decay != 0 ? sign * g + decay * p : sign * g; }
};

// What an optimizer does to one element: v[0] is the gradient, v[1] the parameter, v[2] and so on what is remembered.

template <class C, bool kVelocity>
struct Sgd {
  static constexpr int kFirstWritten = 1;
  Gradient<C> gradient;
  C step, keep, take;
  bool nesterov, first;

  __device__ void operator()(C (&v)[kVelocity ? 3 : 2]) const {
    const C d = gradient(v[0], v[1]);
    if constexpr (kVelocity) {
      v[2] = first ? d : v[2] * keep + take * d;
      v[1] += step * (nesterov ? d + keep * v[2] : v[2]);
    } else {
      v[1] += step * d;
    }
  }
};

template <class C, bool kMax>
struct Adam {
  static constexpr int kFirstWritten = 1;
  Gradient<C> gradient;
  C along_mean, along_grad, kept, weight1, keep2, weight2, root2, epsilon;

  __device__ void operator()(C (&v)[kMax ? 5 : 4]) const {
    const C w = v[1] * kept, d = gradient(v[0], w);
    v[2] = blend(v[2], d, weight1);
    C square = v[3] = v[3] * keep2 + weight2 * d * d;
    if constexpr (kMax) square = v[4] = square > v[4] || square != square ? square : v[4];
    const C along = along_grad != 0 ? along_mean * v[2] + along_grad * d : along_mean * v[2];
    v[1] = w + along / (square_root(square) / root2 + epsilon);
  }
};

template <class C, bool kCentered, bool kVelocity>
struct RmsProp {
  static constexpr int kFirstWritten = 1, kLists = 3 + kCentered + kVelocity;
  Gradient<C> gradient;
  C step, keep, take, epsilon, inertia;

  __device__ void operator()(C (&v)[kLists]) const {
    const C d = gradient(v[0], v[1]);
    C square = v[2] = v[2] * keep + take * d * d;
    if constexpr (kCentered) {
      v[3] = blend(v[3], d, take);
      square -= v[3] * v[3];
    }
    C along = d / (square_root(square) + epsilon);
    if constexpr (kVelocity) along = v[kLists - 1] = v[kLists - 1] * inertia + along;
    v[1] += step * along;
  }
};

template <class C>
struct AdaDelta {
  static constexpr int kFirstWritten = 1;
  Gradient<C> gradient;
  C step, keep, take, epsilon;

  __device__ void operator()(C (&v)[4]) const {
    const C d = gradient(v[0], v[1]);
    v[2] = v[2] * keep + take * d * d;
    const C delta = square_root(v[3] + epsilon) / square_root(v[2] + epsilon) * d;
    v[3] = v[3] * keep + take * delta * delta;
    v[1] += step * delta;
  }
};

template <class C>
struct Lion {
  static constexpr int kFirstWritten = 1;
  Gradient<C> gradient;
  C step, kept, weight1, weight2;

  __device__ void operator()(C (&v)[3]) const {
    const C d = gradient(v[0], v[1]), c = blend(v[2], d, weight1);
    v[1] = v[1] * kept + step * (c > 0 ? C(1) : c < 0 ? C(-1) : c);
    v[2] = blend(v[2], d, weight2);
  }
};

}  // namespace

// torch.optim.SGD
void sgd(double lr, double momentum, double dampening, double weight_decay, int64_t nesterov, int64_t maximize,
         int64_t first, Ins grads, InOuts params, InOuts velocity) {
  if (params.length == 0) return;
  expect_list(velocity, params, momentum != 0, "velocity");
  dispatch_storage(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const Gradient<C> gradient(maximize, weight_decay);
    const C step = static_cast<C>(-lr), keep = static_cast<C>(momentum), take = static_cast<C>(1 - dampening);
    if (momentum == 0)
      for_elements<T, 2>({&grads, &params}, Sgd<C, false>{gradient, step, keep, take, nesterov != 0, first != 0});
    else
      for_elements<T, 3>({&grads, &params, &velocity},
                         Sgd<C, true>{gradient, step, keep, take, nesterov != 0, first != 0});
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
  dispatch_storage(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const Gradient<C> gradient(maximize, weight_decay);
    const C along_mean = static_cast<C>(-mean_rate), along_grad = static_cast<C>(-grad_rate);
    const C kept = static_cast<C>(shrink), weight1 = static_cast<C>(1 - beta1), keep2 = static_cast<C>(beta2);
    const C weight2 = static_cast<C>(1 - beta2), root2 = static_cast<C>(std::sqrt(correction2));
    const C epsilon = static_cast<C>(eps);
    if (max_exp_avg_sq.length)
      for_elements<T, 5>(
          {&grads, &params, &exp_avg, &exp_avg_sq, &max_exp_avg_sq},
          Adam<C, true>{gradient, along_mean, along_grad, kept, weight1, keep2, weight2, root2, epsilon});
    else
      for_elements<T, 4>(
          {&grads, &params, &exp_avg, &exp_avg_sq},
          Adam<C, false>{gradient, along_mean, along_grad, kept, weight1, keep2, weight2, root2, epsilon});
  });
}

// torch.optim.RMSprop and, with keep = take = 1, Adagrad
void rmsprop(double lr, double keep, double take, double eps, double momentum, double weight_decay, int64_t maximize,
             Ins grads, InOuts params, InOuts square_avg, InOuts grad_avg, InOuts velocity) {
  if (params.length == 0) return;
  expect_list(square_avg, params, true, "square_avg");
  expect_list(grad_avg, params, grad_avg.length != 0, "grad_avg");
  expect_list(velocity, params, momentum != 0, "velocity");
  dispatch_storage(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const Gradient<C> gradient(maximize, weight_decay);
    const C step = static_cast<C>(-lr), old = static_cast<C>(keep), fresh = static_cast<C>(take);
    const C epsilon = static_cast<C>(eps), inertia = static_cast<C>(momentum);
    const bool accelerated = momentum != 0;
    if (grad_avg.length && accelerated)
      for_elements<T, 5>({&grads, &params, &square_avg, &grad_avg, &velocity},
                         RmsProp<C, true, true>{gradient, step, old, fresh, epsilon, inertia});
    else if (grad_avg.length)
      for_elements<T, 4>({&grads, &params, &square_avg, &grad_avg},
                         RmsProp<C, true, false>{gradient, step, old, fresh, epsilon, inertia});
    else if (accelerated)
      for_elements<T, 4>({&grads, &params, &square_avg, &velocity},
                         RmsProp<C, false, true>{gradient, step, old, fresh, epsilon, inertia});
    else
      for_elements<T, 3>({&grads, &params, &square_avg},
                         RmsProp<C, false, false>{gradient, step, old, fresh, epsilon, inertia});
  });
}

// torch.optim.Adadelta
void adadelta(double lr, double rho, double eps, double weight_decay, int64_t maximize, Ins grads, InOuts params,
              InOuts square_avg, InOuts acc_delta) {
  if (params.length == 0) return;
  expect_list(square_avg, params, true, "square_avg");
  expect_list(acc_delta, params, true, "acc_delta");
  dispatch_storage(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const AdaDelta<C> f{Gradient<C>(maximize, weight_decay), static_cast<C>(-lr), static_cast<C>(rho),
                        static_cast<C>(1 - rho), static_cast<C>(eps)};
    for_elements<T, 4>({&grads, &params, &square_avg, &acc_delta}, f);
  });
}

// Chen et al., "Symbolic discovery of optimization algorithms", algorithm 2
void lion(double lr, double beta1, double beta2, double weight_decay, int64_t maximize, Ins grads, InOuts params,
          InOuts exp_avg) {
  if (params.length == 0) return;
  expect_list(exp_avg, params, true, "exp_avg");
  dispatch_storage(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const Lion<C> f{Gradient<C>(maximize, 0), static_cast<C>(-lr), static_cast<C>(1 - lr * weight_decay),
                    static_cast<C>(1 - beta1), static_cast<C>(1 - beta2)};
    for_elements<T, 3>({&grads, &params, &exp_avg}, f);
  });
}

}  // namespace convcore::cuda
