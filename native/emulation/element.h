// Elements of a type that is known only when the program runs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "include/cuda_bf16.h"
#include "include/cuda_fp16.h"
#include "include/library_types.h"

namespace emulation {

inline size_t element_size(cudaDataType type) {
  switch (type) {
    case CUDA_R_32F: return 4;
    case CUDA_R_64F: return 8;
    case CUDA_R_16F:
    case CUDA_R_16BF: return 2;
  }
  return 0;
}

template <class T>
T load(const void* data, cudaDataType type, int64_t i) {
  switch (type) {
    case CUDA_R_32F: return static_cast<T>(static_cast<const float*>(data)[i]);
    case CUDA_R_64F: return static_cast<T>(static_cast<const double*>(data)[i]);
    case CUDA_R_16F: return static_cast<T>(static_cast<float>(static_cast<const __half*>(data)[i]));
    case CUDA_R_16BF: return static_cast<T>(static_cast<float>(static_cast<const __nv_bfloat16*>(data)[i]));
  }
  return 0;
}

template <class T>
void store(void* data, cudaDataType type, int64_t i, T value) {
  switch (type) {
    case CUDA_R_32F: static_cast<float*>(data)[i] = static_cast<float>(value); break;
    case CUDA_R_64F: static_cast<double*>(data)[i] = value; break;
    case CUDA_R_16F: static_cast<__half*>(data)[i] = static_cast<float>(value); break;
    case CUDA_R_16BF: static_cast<__nv_bfloat16*>(data)[i] = static_cast<float>(value); break;
  }
}

}  // namespace emulation
