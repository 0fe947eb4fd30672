#include <cmath>

#include "kernels.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

constexpr int kTensors = 40, kBlocks = 320;  // of one launch, whose parameters must stay below 4 KiB
constexpr int64_t kChunk = 8192;             // elements of one block

/// Some tensors of kLists lists, cut into chunks, one per block.
template <class T, int kLists>
struct Chunks {
  T* data[kLists][kTensors];
  int64_t counts[kTensors];
  int32_t chunk[kBlocks];
  uint8_t tensor[kBlocks];
};

/// v[list] = the elements of all lists in one place; f updates them, and all lists from F::kFirstWritten on are
/// written.
template <class T, int kLists, class F>
__global__ void update(Chunks<T, kLists> chunks, F f) {
  using C = Compute<T>;
  const int tensor = chunks.tensor[blockIdx.x];
  const int64_t begin = chunks.chunk[blockIdx.x] * kChunk, rest = chunks.counts[tensor] - begin;
  const int count = static_cast<int>(rest < kChunk ? rest : kChunk);
  bool vectors = true;
  for (int l = 0; l < kLists; ++l) vectors &= reinterpret_cast<uintptr_t>(chunks.data[l][tensor]) % 16 == 0;
  constexpr int width = Vector<T>::kWidth;
  const int whole = vectors ? count / width : 0;
  for (int i = threadIdx.x; i < whole; i += kThreads) {
    Vector<T> v[kLists];
    for (int l = 0; l < kLists; ++l) v[l] = reinterpret_cast<const Vector<T>*>(chunks.data[l][tensor] + begin)[i];
    for (int j = 0; j < width; ++j) {
      C values[kLists];
      for (int l = 0; l < kLists; ++l) values[l] = load(v[l].v[j]);
      f(values);
      for (int l = F::kFirstWritten; l < kLists; ++l) v[l].v[j] = store<T>(values[l]);
    }
    for (int l = F::kFirstWritten; l < kLists; ++l)
      reinterpret_cast<Vector<T>*>(chunks.data[l][tensor] + begin)[i] = v[l];
  }
  for (int i = whole * width + threadIdx.x; i < count; i += kThreads) {
    C values[kLists];
    for (int l = 0; l < kLists; ++l) values[l] = load(chunks.data[l][tensor][begin + i]);
    f(values);
    for (int l = F::kFirstWritten; l < kLists; ++l) chunks.data[l][tensor][begin + i] = store<T>(values[l]);
  }
}

/// Runs f over the elements of equally long lists of tensors, in as few launches as their number allows.
template <class T, int kLists, class F>
void for_elements(const Many* const (&lists)[kLists], F f) {
  Chunks<T, kLists> chunks;
  int tensors = 0, blocks = 0;
  auto flush = [&] {
    if (blocks) launch(update<T, kLists, F>, static_cast<unsigned>(blocks), kThreads, 0, chunks, f);
    tensors = blocks = 0;
  };
  auto take = [&](int64_t i) {
    for (int l = 0; l < kLists; ++l) chunks.data[l][tensors] = (*lists[l])[i].template as<T>();
    chunks.counts[tensors] = (*lists[0])[i].count;
    return tensors++;
  };
  for (int64_t i = 0; i < lists[0]->length; ++i) {
    const int64_t count = (*lists[0])[i].count;
    if (tensors == kTensors) flush();
    int tensor = take(i);
    for (int64_t begin = 0; begin < count; begin += kChunk) {
      if (blocks == kBlocks) {
        flush();
        tensor = take(i);
      }
      chunks.tensor[blocks] = static_cast<uint8_t>(tensor);
      chunks.chunk[blocks++] = static_cast<int32_t>(begin / kChunk);
    }
  }
  flush();
}

template <class C, bool kVelocity>
struct Sgd {
  static constexpr int kFirstWritten = 1;
  C step, decay, keep, take;
  bool nesterov, first;

  __device__ void operator()(C (&v)[kVelocity ? 3 : 2]) const {
    const C d = decay != 0 ? v[0] + decay * v[1] : v[0];
    if constexpr (kVelocity) {
      v[2] = first ? d : v[2] * keep + take * d;
      v[1] += step * (nesterov ? d + keep * v[2] : v[2]);
    } else {
      v[1] += step * d;
    }
  }
};

template <class C>
struct Adam {
  static constexpr int kFirstWritten = 1;
  C shrink, decay, weight1, keep2, weight2, root2, epsilon, stride;

  __device__ void operator()(C (&v)[4]) const {
    const C w = v[1] * shrink, d = decay != 0 ? v[0] + decay * w : v[0], toward = d - v[2];
    v[2] = weight1 < C(0.5) ? v[2] + weight1 * toward : d - toward * (1 - weight1);
    v[3] = v[3] * keep2 + weight2 * d * d;
    v[1] = w + stride * v[2] / (square_root(v[3]) / root2 + epsilon);
  }
};

__device__ __forceinline__ void raise(float* flag) { atomicExch(flag, 1.0f); }
__device__ __forceinline__ void raise(double* flag) {
  atomicExch(reinterpret_cast<unsigned long long*>(flag), 0x3ff0000000000000ull);
}

template <class C>
struct Unscale {
  static constexpr int kFirstWritten = 0;
  C factor;
  C* found;

  __device__ void operator()(C (&v)[1]) const {
    if (v[0] - v[0] != 0) raise(found);
    v[0] *= factor;
  }
};

}  // namespace

// torch.optim.SGD
void sgd(double lr, double momentum, double dampening, double weight_decay, int64_t nesterov, int64_t first, Ins grads,
         InOuts params, InOuts velocity) {
  if (params.length == 0) return;
  if ((velocity.length == 0) != (momentum == 0))
    fail("expected velocities if and only if there is momentum, got %lld with momentum %g",
         static_cast<long long>(velocity.length), momentum);
  dispatch_storage(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const C step = static_cast<C>(-lr), decay = static_cast<C>(weight_decay), keep = static_cast<C>(momentum),
            take = static_cast<C>(1 - dampening);
    if (momentum == 0)
      for_elements<T, 2>({&grads, &params}, Sgd<C, false>{step, decay, keep, take, nesterov != 0, first != 0});
    else
      for_elements<T, 3>({&grads, &params, &velocity},
                         Sgd<C, true>{step, decay, keep, take, nesterov != 0, first != 0});
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
  dispatch_storage(params[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const Adam<C> f{static_cast<C>(decoupled ? 1 - lr * weight_decay : 1),
                    static_cast<C>(decoupled ? 0 : weight_decay),
                    static_cast<C>(1 - beta1),
                    static_cast<C>(beta2),
                    static_cast<C>(1 - beta2),
                    static_cast<C>(std::sqrt(correction2)),
                    static_cast<C>(eps),
                    static_cast<C>(-lr / correction1)};
    for_elements<T, 4>({&grads, &params, &exp_avg, &exp_avg_sq}, f);
  });
}

// torch._amp_foreach_non_finite_check_and_unscale_
void unscale(double factor, InOuts grads, WideOut found) {
  check(cudaMemsetAsync(found.data, 0, size_of(found.dtype), context().stream), "a fill");
  if (grads.length == 0) return;
  dispatch_storage(grads[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    for_elements<T, 1>({&grads}, Unscale<C>{static_cast<C>(factor), found.as<C>()});
  });
}

}  // namespace convcore::cuda
