// Element types of CUDA kernels: what is stored and what is computed in, vectors of 16 bytes, sums over warps and
// blocks.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "../buffer.h"
#include "launch.h"

namespace convcore::cuda {

using float16 = __half;
using bfloat16 = __nv_bfloat16;

template <class T>
struct ComputeOf {
  using Type = T;
};
template <>
struct ComputeOf<float16> {
  using Type = float;
};
template <>
struct ComputeOf<bfloat16> {
  using Type = float;
};
/// What values stored as T are computed in, and what ops.def calls Wide: float for float16 and bfloat16, else T.
template <class T>
using Compute = typename ComputeOf<T>::Type;

/// A stored value as the type to compute in.
template <class T>
__host__ __device__ __forceinline__ Compute<T> load(T value) {
  return static_cast<Compute<T>>(value);
}
/// A computed value as the type to store, rounded to the nearest.
template <class T>
__host__ __device__ __forceinline__ T store(Compute<T> value) {
  return static_cast<T>(value);
}

/// Calls f(T{}) with the C++ type of a float dtype.
template <class F>
void dispatch_storage(DType dtype, F&& f) {
  switch (dtype) {
    case DType::Float32: return f(float{});
    case DType::Float64: return f(double{});
    case DType::Float16: return f(float16{});
    case DType::BFloat16: return f(bfloat16{});
    default: fail("expected a float dtype, got %s", name_of(dtype));
  }
}

/// Calls f(T{}) with the C++ type of any dtype.
template <class F>
void dispatch_every(DType dtype, F&& f) {
  if (dtype == DType::Int32) return f(int32_t{});
  if (dtype == DType::UInt8) return f(uint8_t{});
  dispatch_storage(dtype, f);
}

/// 16 bytes of elements, read and written at once. Its address must be a multiple of 16.
template <class T>
struct alignas(16) Vector {
  static constexpr int kWidth = 16 / sizeof(T);
  T v[kWidth];
};

/// Σ over the 32 lanes of a warp, all of which must take part; every lane gets it. The order is fixed.
template <class T>
__device__ __forceinline__ T warp_sum(T value) {
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(0xffffffffu, value, distance);
  return value;
}

// The functions of float and of double under one name.
__device__ __forceinline__ float exponential(float x) { return expf(x); }
__device__ __forceinline__ double exponential(double x) { return ::exp(x); }
__device__ __forceinline__ float logarithm(float x) { return logf(x); }
__device__ __forceinline__ double logarithm(double x) { return ::log(x); }
__device__ __forceinline__ float logarithm_of_one_plus(float x) { return log1pf(x); }
__device__ __forceinline__ double logarithm_of_one_plus(double x) { return ::log1p(x); }
__device__ __forceinline__ float hyperbolic_tangent(float x) { return tanhf(x); }
__device__ __forceinline__ double hyperbolic_tangent(double x) { return ::tanh(x); }
__device__ __forceinline__ float square_root(float x) { return sqrtf(x); }
__device__ __forceinline__ double square_root(double x) { return ::sqrt(x); }

__device__ __forceinline__ float exponential_minus_one(float x) { return expm1f(x); }
__device__ __forceinline__ double exponential_minus_one(double x) { return ::expm1(x); }
__device__ __forceinline__ float error_function(float x) { return erff(x); }
__device__ __forceinline__ double error_function(double x) { return ::erf(x); }
__device__ __forceinline__ float power(float a, float b) { return powf(a, b); }
__device__ __forceinline__ double power(double a, double b) { return ::pow(a, b); }

/// Quotient and remainder of 32-bit numbers by a divisor that the host knows: a multiplication and a shift
/// (Granlund, Montgomery: "Division by invariant integers using multiplication", 1994). For dividends below 2^31.
struct Divisor {
  uint32_t divisor = 1, multiplier = 0, shift = 0;

  Divisor() = default;
  explicit Divisor(int64_t d) : divisor(static_cast<uint32_t>(d)) {
    while (shift < 32 && (uint64_t{1} << shift) < divisor) ++shift;
    multiplier = static_cast<uint32_t>(((uint64_t{1} << 32) * ((uint64_t{1} << shift) - divisor)) / divisor + 1);
  }
  __device__ __forceinline__ uint32_t divide(uint32_t n) const { return (__umulhi(n, multiplier) + n) >> shift; }
  /// n becomes the quotient; returns the remainder.
  __device__ __forceinline__ uint32_t split(uint32_t& n) const {
    const uint32_t quotient = divide(n), remainder = n - quotient * divisor;
    n = quotient;
    return remainder;
  }
};

constexpr int kThreads = 256;  // of a block, where nothing asks for another number

/// Blocks of kThreads that cover n items once, or less often when there are very many.
inline dim3 blocks_for(int64_t n) {
  const int64_t blocks = (n + kThreads - 1) / kThreads;
  return dim3(static_cast<unsigned>(blocks < (int64_t{1} << 20) ? blocks : int64_t{1} << 20));
}

/// body(i) for every i in [0, n), over the whole grid.
template <class Body>
__device__ __forceinline__ void for_each(int64_t n, Body body) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step) body(i);
}

}  // namespace convcore::cuda
