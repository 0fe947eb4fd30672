#include <cmath>

#include "kernels.h"
#include "lists.h"
#include "reduction.h"

namespace convcore::cuda {
namespace {

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

/// Multiplies with what brings the norm down to the limit.
template <class C>
struct ClipNorm {
  static constexpr int kFirstWritten = 0;
  C limit;
  const C* norm;
  C factor = -1;  // of this thread, which works it out once

  __device__ void operator()(C (&v)[1]) {
    if (factor < 0) {
      factor = limit / (*norm + C(1e-6));
      if (factor > 1) factor = 1;
    }
    v[0] *= factor;
  }
};

template <class C>
struct ClipValue {
  static constexpr int kFirstWritten = 0;
  C limit;

  __device__ void operator()(C (&v)[1]) const {
    const C below = v[0] > limit ? limit : v[0];
    v[0] = below < -limit ? -limit : below;
  }
};

template <class C>
struct Lerp {
  static constexpr int kFirstWritten = 1;
  C weight;

  __device__ void operator()(C (&v)[2]) const { v[1] = blend(v[1], v[0], weight); }
};

enum class Norm { One, Two, Power, Greatest };

/// Σ |x|^p, or the greatest |x|, which is NaN where one is.
template <Norm kNorm>
struct PowerSum {
  double s;  // no initialiser, since shared memory has none: PowerSum{} is zero

  __device__ void take(double x, double p) {
    if constexpr (kNorm == Norm::Two)
      s += x * x;
    else if constexpr (kNorm == Norm::Power)
      s += power(fabs(x), p);
    else
      merge({fabs(x)});
  }
  __device__ void merge(const PowerSum& other) {
    if constexpr (kNorm == Norm::Greatest)
      s = other.s > s || other.s != other.s ? other.s : s;
    else
      s += other.s;
  }
  __device__ double root(double p) const {
    if constexpr (kNorm == Norm::Two) return square_root(s);
    if constexpr (kNorm == Norm::Power) return power(s, 1 / p);
    return s;
  }
};

/// partial[block] = of the block's chunk.
template <class T, Norm kNorm>
__global__ void chunk_norms(Chunks<T, 1> chunks, double p, PowerSum<kNorm>* partial) {
  __shared__ PowerSum<kNorm> shared[kThreads];
  const int tensor = chunks.tensor[blockIdx.x];
  const int64_t begin = chunks.chunk[blockIdx.x] * kChunk, rest = chunks.counts[tensor] - begin;
  const int count = static_cast<int>(rest < kChunk ? rest : kChunk);
  const T* x = chunks.data[0][tensor] + begin;
  PowerSum<kNorm> mine{};
#pragma unroll 4
  for (int i = threadIdx.x; i < count; i += kThreads) mine.take(static_cast<double>(load(x[i])), p);
  merge_lanes(mine, 1, shared);
  if (threadIdx.x == 0) partial[blockIdx.x] = mine;
}

/// The norm from what the chunks gave, by one block.
template <class C, Norm kNorm>
__global__ void finish_norm(int64_t n, double p, const PowerSum<kNorm>* partial, C* norm) {
  __shared__ PowerSum<kNorm> shared[kThreads];
  PowerSum<kNorm> mine{};
  for (int64_t i = threadIdx.x; i < n; i += kThreads) mine.merge(partial[i]);
  merge_lanes(mine, 1, shared);
  if (threadIdx.x == 0) *norm = static_cast<C>(mine.root(p));
}

template <class T, Norm kNorm>
void norm_of(const Many& tensors, double p, Compute<T>* norm) {
  int64_t blocks = 0;
  for (int64_t i = 0; i < tensors.length; ++i) blocks += (tensors[i].count + kChunk - 1) / kChunk;
  const Scratch scratch(blocks * static_cast<int64_t>(sizeof(PowerSum<kNorm>)));
  auto* partial = scratch.as<PowerSum<kNorm>>();
  auto* next = partial;
  for_chunks<T, 1>({&tensors}, [&](const Chunks<T, 1>& chunks, int count) {
    launch(chunk_norms<T, kNorm>, static_cast<unsigned>(count), kThreads, 0, chunks, p, next);
    next += count;
  });
  launch(finish_norm<Compute<T>, kNorm>, 1, kThreads, 0, blocks, p, static_cast<const PowerSum<kNorm>*>(partial), norm);
}

}  // namespace

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

// torch.nn.utils.get_total_norm
void total_norm(double p, Ins tensors, WideOut norm) {
  dispatch_storage(tensors.length ? tensors[0].dtype : norm.dtype, [&](auto zero) {
    using T = decltype(zero);
    auto* result = norm.as<Compute<T>>();
    if (p == 2)
      norm_of<T, Norm::Two>(tensors, p, result);
    else if (p == 1)
      norm_of<T, Norm::One>(tensors, p, result);
    else if (std::isinf(p))
      norm_of<T, Norm::Greatest>(tensors, p, result);
    else
      norm_of<T, Norm::Power>(tensors, p, result);
  });
}

// The end of torch.nn.utils.clip_grad_norm_
void clip_norm(double max_norm, InOuts tensors, WideIn norm) {
  if (tensors.length == 0) return;
  dispatch_storage(tensors[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    for_elements<T, 1>({&tensors}, ClipNorm<C>{static_cast<C>(max_norm), norm.as<C>()});
  });
}

// torch.nn.utils.clip_grad_value_; NaN stays
void clip_value(double limit, InOuts tensors) {
  if (tensors.length == 0) return;
  dispatch_storage(tensors[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    for_elements<T, 1>({&tensors}, ClipValue<C>{static_cast<C>(limit)});
  });
}

// torch._foreach_lerp_
void lerp(double weight, Ins ends, InOuts tensors) {
  if (tensors.length == 0) return;
  dispatch_storage(tensors[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    for_elements<T, 2>({&ends, &tensors}, Lerp<C>{static_cast<C>(weight)});
  });
}

}  // namespace convcore::cuda
