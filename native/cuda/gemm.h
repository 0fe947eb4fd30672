// Matrix products on CUDA: by cuBLAS where it is found, else by a kernel of our own.
#pragma once
#include <cstdint>

#include "../buffer.h"

namespace convcore::cuda {

/// y[m×n] = op(a)[m×k] · op(b)[k×n] + bias[n], `batch` times at the given strides, all matrices row-major with the
/// given distances between rows. op transposes: a is then stored k×m, b n×k. float16 and bfloat16 are summed in
/// float32.
struct Gemm {
  DType dtype;
  int64_t batch, m, n, k;
  bool transpose_a, transpose_b;
  const void *a, *b;
  const void* bias;  // or null
  void* y;
  int64_t row_a, row_b, row_y;           // elements from one stored row to the next
  int64_t stride_a, stride_b, stride_y;  // elements from one matrix to the next
  bool accumulate = false;               // add to what y holds
};

void gemm(const Gemm& g);

}  // namespace convcore::cuda
