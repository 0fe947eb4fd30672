// How every kernel is started, by nvcc's runtime and by the emulation alike.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <utility>

// Dynamic shared memory, 16-byte aligned: DYN_SHARED(float, tile); declares `float* tile`. The emulation has its own.
#ifndef DYN_SHARED
#define DYN_SHARED(T, name)                                                \
  extern __shared__ __align__(16) unsigned char convcore_dynamic_shared[]; \
  T* const name = reinterpret_cast<T*>(convcore_dynamic_shared)
#endif

namespace convcore::cuda {

// `shared`: bytes of dynamic shared memory. An empty grid is no error here, though CUDA calls it one.
template <class... Parameters, class... Arguments>
[[nodiscard]] cudaError_t launch_on(cudaStream_t stream, void (*kernel)(Parameters...), dim3 grid, dim3 block,
                                    size_t shared, Arguments&&... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return cudaSuccess;
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared;
  config.stream = stream;
  return cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...);
}

}  // namespace convcore::cuda
