#include "kernels.h"
#include "map.h"
#include "reduction.h"

namespace convcore::cuda {
namespace {

/// Log-likelihoods of binary targets stay above −100, as in PyTorch.
template <class C>
__device__ __forceinline__ C clamped(C log_likelihood) {
  return log_likelihood < -100 ? C(-100) : log_likelihood;
}

template <class C>
struct Bce {
  __device__ C operator()(C x, C target) const {
    return (target - 1) * clamped(logarithm_of_one_plus(-x)) - target * clamped(logarithm(x));
  }
};

template <class T>
__global__ void bce_backward_each(int64_t n, const T* x, const T* target, const T* dloss, T* dx) {
  using C = Compute<T>;
  for_each(n, [&](int64_t i) {
    const C p = load(x[i]), variance = (1 - p) * p, least = C(1e-12);
    dx[i] = store<T>(load(dloss[i]) * (p - load(target[i])) / (variance < least ? least : variance));
  });
}

/// log(1 + e^x), without overflow.
template <class C>
__device__ __forceinline__ C softplus(C x) {
  return (x > 0 ? x : C(0)) + logarithm_of_one_plus(exponential(x < 0 ? x : -x));
}

template <class T>
__global__ void bce_logits_each(int64_t n, const T* x, const T* target, const T* positive, T* loss) {
  for_each(n, [&](int64_t i) {
    const Compute<T> v = load(x[i]);
    loss[i] = store<T>((1 - load(target[i])) * softplus(v) + load(positive[i]) * softplus(-v));
  });
}

template <class T>
__global__ void bce_logits_backward_each(int64_t n, const T* x, const T* target, const T* positive, const T* dloss,
                                         T* dx) {
  using C = Compute<T>;
  for_each(n, [&](int64_t i) {
    const C v = load(x[i]), e = exponential(v < 0 ? v : -v), larger = 1 / (1 + e), smaller = e * larger;
    const C up = v < 0 ? smaller : larger, down = v < 0 ? larger : smaller;
    dx[i] = store<T>(load(dloss[i]) * ((1 - load(target[i])) * up - load(positive[i]) * down));
  });
}

template <class C>
struct Huber {
  C delta, scale;
  __device__ C operator()(C x, C target) const {
    const C size = x < target ? target - x : x - target, least = size > delta ? delta : size;
    return scale * least * (size - C(0.5) * least);
  }
};

template <class T>
__global__ void huber_backward_each(int64_t n, Compute<T> delta, Compute<T> scale, const T* x, const T* target,
                                    const T* dloss, T* dx) {
  for_each(n, [&](int64_t i) {
    const Compute<T> d = load(x[i]) - load(target[i]), below = d > delta ? delta : d;
    dx[i] = store<T>(load(dloss[i]) * scale * (below < -delta ? -delta : below));
  });
}

template <class C>
struct KlDiv {
  __device__ C operator()(C x, C t) const { return (t == 0 ? C(0) : t * logarithm(t)) - t * x; }
};
template <class C>
struct KlDivOfLogarithms {
  __device__ C operator()(C x, C t) const { return exponential(t) * (t - x); }
};

template <class T>
__global__ void kl_div_backward_each(int64_t n, bool log_target, const T* x, const T* target, const T* dloss, T* dx,
                                     T* dtarget) {
  using C = Compute<T>;
  for_each(n, [&](int64_t i) {
    const C t = load(target[i]), weight = log_target ? exponential(t) : t, gradient = load(dloss[i]);
    if (dx) dx[i] = store<T>(-gradient * weight);
    if (dtarget)
      dtarget[i] = store<T>(gradient * (log_target ? weight * (t - load(x[i]) + 1) : logarithm(t) + 1 - load(x[i])));
  });
}

/// The first element of x outside [0, 1], and n when there is none. One block.
template <class T>
__global__ void find_improbable(int64_t n, const T* x, int64_t* where) {
  __shared__ int64_t found[kWarps];
  int64_t first = n;
  for (int64_t i = threadIdx.x; i < n && first == n; i += kThreads) {
    const Compute<T> v = load(x[i]);
    if (!(v >= 0 && v <= 1)) first = i;
  }
  for (int distance = 16; distance > 0; distance /= 2) {
    const int64_t other = __shfl_xor_sync(0xffffffffu, first, distance);
    first = other < first ? other : first;
  }
  if (threadIdx.x % 32 == 0) found[threadIdx.x / 32] = first;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int64_t each : found) first = each < first ? each : first;
  *where = first;
}

/// Fails unless all of x are probabilities. Waits for the device.
template <class T>
void check_probabilities(int64_t n, const T* x) {
  const Scratch scratch(sizeof(int64_t));
  launch(find_improbable<T>, 1, kThreads, 0, n, x, scratch.as<int64_t>());
  int64_t where;
  read_back(&where, scratch.as<int64_t>(), sizeof where);
  if (where == n) return;
  T value;
  read_back(&value, x + where, sizeof value);
  fail("expected probabilities in [0, 1], got %g", static_cast<double>(load(value)));
}

}  // namespace

void bce(int64_t n, In x, In target, Out loss) {
  dispatch_storage(x.dtype, [&](auto zero) { check_probabilities(n, x.as<decltype(zero)>()); });
  map_pairs<Bce>(n, x, target, loss);
}

void bce_backward(int64_t n, In x, In target, In dloss, Out dx) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(bce_backward_each<T>, blocks_for(n), kThreads, 0, n, x.as<T>(), target.as<T>(), dloss.as<T>(), dx.as<T>());
  });
}

// (1 − t) · softplus(x) + positive · softplus(−x): no term cancels another
void bce_logits(int64_t n, In x, In target, OptIn positive, Out loss) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(bce_logits_each<T>, blocks_for(n), kThreads, 0, n, x.as<T>(), target.as<T>(),
           positive ? positive.as<T>() : target.as<T>(), loss.as<T>());
  });
}

void bce_logits_backward(int64_t n, In x, In target, OptIn positive, In dloss, Out dx) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(bce_logits_backward_each<T>, blocks_for(n), kThreads, 0, n, x.as<T>(), target.as<T>(),
           positive ? positive.as<T>() : target.as<T>(), dloss.as<T>(), dx.as<T>());
  });
}

// scale · m · (|x − t| − m / 2), m = min(|x − t|, delta)
void huber(int64_t n, double delta, double scale, In x, In target, Out loss) {
  map_pairs<Huber>(n, x, target, loss, delta, scale);
}

void huber_backward(int64_t n, double delta, double scale, In x, In target, In dloss, Out dx) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(huber_backward_each<T>, blocks_for(n), kThreads, 0, n, static_cast<Compute<T>>(delta),
           static_cast<Compute<T>>(scale), x.as<T>(), target.as<T>(), dloss.as<T>(), dx.as<T>());
  });
}

// t · (log t − x), which is 0 where t is; of logarithms e^t · (t − x)
void kl_div(int64_t n, int64_t log_target, In x, In target, Out loss) {
  if (log_target) return map_pairs<KlDivOfLogarithms>(n, x, target, loss);
  map_pairs<KlDiv>(n, x, target, loss);
}

void kl_div_backward(int64_t n, int64_t log_target, In x, In target, In dloss, OptOut dx, OptOut dtarget) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(kl_div_backward_each<T>, blocks_for(n), kThreads, 0, n, log_target != 0, x.as<T>(), target.as<T>(),
           dloss.as<T>(), dx.as<T>(), dtarget.as<T>());
  });
}

}  // namespace convcore::cuda
