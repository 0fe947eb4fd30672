// Qualifiers and built-in variables of device code.
#pragma once

#include "types.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
// Blocks run one after the other, so a block's shared memory is one static object.
#define __shared__ static
#define __constant__ static const
#define DYN_SHARED(T, name) T* const name = static_cast<T*>(::emulation::dynamic_shared())

namespace emulation {

// Of the thread that runs.
struct Builtins {
  uint3 thread, block;
  dim3 block_size, grid_size;
};
extern Builtins builtins;

void* dynamic_shared();

}  // namespace emulation

// References, not macros: cudaLaunchConfig_t has members of these names.
inline const uint3& threadIdx = emulation::builtins.thread;
inline const uint3& blockIdx = emulation::builtins.block;
inline const dim3& blockDim = emulation::builtins.block_size;
inline const dim3& gridDim = emulation::builtins.grid_size;
constexpr int warpSize = 32;
