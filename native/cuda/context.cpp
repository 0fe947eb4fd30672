#include "context.h"

#include <new>

namespace convcore::cuda {

void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();
  if (error == cudaErrorMemoryAllocation) throw std::bad_alloc();
  fail("%s failed: %s (%s)", what, cudaGetErrorString(error), cudaGetErrorName(error));
}

void read_back(void* host, const void* device, size_t bytes) {
  check(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, context().stream), "a copy from the GPU");
  check(cudaStreamSynchronize(context().stream), "a wait for the GPU");
}

}  // namespace convcore::cuda
