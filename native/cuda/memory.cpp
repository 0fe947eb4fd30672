#include "memory.h"

#include "context.h"

namespace convcore::cuda {

void select(int ordinal) {
  thread_local int selected = -1;
  if (selected == ordinal) return;
  check(cudaSetDevice(ordinal), "choice of a GPU");
  selected = ordinal;
}

std::byte* CudaMemory::allocate(size_t bytes) {
  select(ordinal_);
  void* data = nullptr;
  if (cudaMalloc(&data, bytes) == cudaSuccess) return static_cast<std::byte*>(data);
  cudaGetLastError();  // so that no later call reports it
  return nullptr;
}

void CudaMemory::free(std::byte* data, size_t) {
  select(ordinal_);
  cudaFree(data);
}

size_t CudaMemory::limit() {
  select(ordinal_);
  size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  return total;
}

}  // namespace convcore::cuda
