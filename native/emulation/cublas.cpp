// cuBLAS's matrix products, plainly: for their results and for the check of what they are given.
#include <algorithm>

#include "device.h"
#include "include/cublas_v2.h"
#include "include/cuda_bf16.h"
#include "include/cuda_fp16.h"
#include "memory.h"
#include "stream.h"

struct cublasContext {
  int device;
  cudaStream_t stream;
};

namespace emulation {
namespace {

size_t element_size(cudaDataType type) {
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

// As it lies in memory: columns of `rows` elements, `step` apart; matrices `stride` apart.
struct Matrix {
  const void* data;
  cudaDataType type;
  int rows, columns, step;
  long long stride;
  bool transposed;

  int64_t at(int batch, int row, int column) const {
    return batch * stride + (transposed ? int64_t{row} * step + column : int64_t{column} * step + row);
  }
  void check(int count, int device) const {
    if (rows == 0 || columns == 0) return;
    int64_t elements = (count - 1) * stride + int64_t{columns - 1} * step + rows;
    check_range("cublas gemm", data, static_cast<size_t>(elements) * element_size(type), device);
  }
};

Matrix operand(const void* data, cudaDataType type, cublasOperation_t op, int rows, int columns, int step,
               long long stride) {
  if (op == CUBLAS_OP_N) return {data, type, rows, columns, step, stride, false};
  return {data, type, columns, rows, step, stride, true};
}

// Sums and factors are of type T.
template <class T>
cublasStatus_t gemm(cublasHandle_t handle, int k, const T* alpha_pointer, const Matrix& a, const Matrix& b,
                    const T* beta_pointer, const Matrix& c, int count) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (c.rows < 0 || c.columns < 0 || k < 0 || count < 0) return CUBLAS_STATUS_INVALID_VALUE;
  for (const Matrix* matrix : {&a, &b, &c}) {
    if (matrix->step < std::max(1, matrix->rows)) return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (c.rows == 0 || c.columns == 0 || count == 0) return CUBLAS_STATUS_SUCCESS;
  Lock lock = hold();
  CUstream_st& stream = handle->stream == nullptr ? resolve(nullptr) : resolve(handle->stream);
  if (stream.device != handle->device) return CUBLAS_STATUS_INVALID_VALUE;
  T alpha = *alpha_pointer, beta = *beta_pointer;
  for (const Matrix* matrix : {&a, &b, &c}) matrix->check(count, handle->device);
  enqueue(stream, [=] {
    Unprotected unprotected;
    for (int batch = 0; batch < count; ++batch) {
      for (int column = 0; column < c.columns; ++column) {
        for (int row = 0; row < c.rows; ++row) {
          T sum = 0;
          for (int i = 0; i < k; ++i) {
            sum += load<T>(a.data, a.type, a.at(batch, row, i)) * load<T>(b.data, b.type, b.at(batch, i, column));
          }
          int64_t at = c.at(batch, row, column);
          T old = beta == 0 ? 0 : beta * load<T>(c.data, c.type, at);  // with beta 0 C is not read
          store<T>(const_cast<void*>(c.data), c.type, at, alpha * sum + old);
        }
      }
    }
  });
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace
}  // namespace emulation

using namespace emulation;

extern "C" {

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  *handle = new cublasContext{current_device(), nullptr};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t) {
  return handle == nullptr ? CUBLAS_STATUS_NOT_INITIALIZED : CUBLAS_STATUS_SUCCESS;
}
const char* cublasGetStatusString(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS: return "success";
    case CUBLAS_STATUS_NOT_INITIALIZED: return "not initialized";
    case CUBLAS_STATUS_ALLOC_FAILED: return "allocation failed";
    case CUBLAS_STATUS_INVALID_VALUE: return "invalid value";
    case CUBLAS_STATUS_NOT_SUPPORTED: return "not supported";
  }
  return "unknown status";
}

cublasStatus_t cublasGemmStridedBatchedEx(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m,
                                          int n, int k, const void* alpha, const void* a, cudaDataType type_a, int lda,
                                          long long stride_a, const void* b, cudaDataType type_b, int ldb,
                                          long long stride_b, const void* beta, void* c, cudaDataType type_c, int ldc,
                                          long long stride_c, int count, cublasComputeType_t compute,
                                          cublasGemmAlgo_t) {
  bool is_double = compute == CUBLAS_COMPUTE_64F;
  bool supported = type_a == type_b && (type_a == CUDA_R_64F) == is_double && (type_c == CUDA_R_64F) == is_double &&
                   (type_c == type_a || type_c == CUDA_R_32F);
  if (!supported) return CUBLAS_STATUS_NOT_SUPPORTED;
  Matrix left = operand(a, type_a, op_a, m, k, lda, stride_a), right = operand(b, type_b, op_b, k, n, ldb, stride_b);
  Matrix result = operand(c, type_c, CUBLAS_OP_N, m, n, ldc, stride_c);
  if (is_double) {
    return gemm(handle, k, static_cast<const double*>(alpha), left, right, static_cast<const double*>(beta), result,
                count);
  }
  return gemm(handle, k, static_cast<const float*>(alpha), left, right, static_cast<const float*>(beta), result, count);
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m, int n, int k,
                            const void* alpha, const void* a, cudaDataType type_a, int lda, const void* b,
                            cudaDataType type_b, int ldb, const void* beta, void* c, cudaDataType type_c, int ldc,
                            cublasComputeType_t compute, cublasGemmAlgo_t algorithm) {
  return cublasGemmStridedBatchedEx(handle, op_a, op_b, m, n, k, alpha, a, type_a, lda, 0, b, type_b, ldb, 0, beta, c,
                                    type_c, ldc, 0, 1, compute, algorithm);
}

#define GEMM(letter, T, type, compute)                                                                                 \
  cublasStatus_t cublas##letter##gemmStridedBatched(                                                                   \
      cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m, int n, int k, const T* alpha,      \
      const T* a, int lda, long long stride_a, const T* b, int ldb, long long stride_b, const T* beta, T* c, int ldc,  \
      long long stride_c, int count) {                                                                                 \
    return cublasGemmStridedBatchedEx(handle, op_a, op_b, m, n, k, alpha, a, type, lda, stride_a, b, type, ldb,        \
                                      stride_b, beta, c, type, ldc, stride_c, count, compute, CUBLAS_GEMM_DEFAULT);    \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##gemm_v2(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m, \
                                         int n, int k, const T* alpha, const T* a, int lda, const T* b, int ldb,       \
                                         const T* beta, T* c, int ldc) {                                               \
    return cublasGemmEx(handle, op_a, op_b, m, n, k, alpha, a, type, lda, b, type, ldb, beta, c, type, ldc, compute,   \
                        CUBLAS_GEMM_DEFAULT);                                                                          \
  }
GEMM(S, float, CUDA_R_32F, CUBLAS_COMPUTE_32F)
GEMM(D, double, CUDA_R_64F, CUBLAS_COMPUTE_64F)

}  // extern "C"
