// cuBLAS's matrix products, plainly: for their results and for the check of what they are given.
#include <algorithm>

#include "device.h"
#include "element.h"
#include "include/cublas_v2.h"
#include "memory.h"
#include "stream.h"

struct cublasContext {
  int device;
  cudaStream_t stream;
};

namespace emulation {
namespace {

// As it lies in memory: columns of `rows` elements, `step` apart; matrices `stride` apart.
struct Matrix {
  const void* data;
  cudaDataType type;
  int64_t rows, columns, step;
  long long stride;
  bool transposed;

  int64_t at(int64_t batch, int64_t row, int64_t column) const {
    return batch * stride + (transposed ? row * step + column : column * step + row);
  }
  void check(int64_t count, int device) const {
    if (rows == 0 || columns == 0) return;
    int64_t elements = (count - 1) * stride + (columns - 1) * step + rows;
    check_range("cublas gemm", data, static_cast<size_t>(elements) * element_size(type), device);
  }
};

Matrix operand(const void* data, cudaDataType type, cublasOperation_t op, int64_t rows, int64_t columns, int64_t step,
               long long stride) {
  if (op == CUBLAS_OP_N) return {data, type, rows, columns, step, stride, false};
  return {data, type, columns, rows, step, stride, true};
}

// Sums and factors are of type T.
template <class T>
cublasStatus_t gemm(cublasHandle_t handle, int64_t k, const T* alpha_pointer, const Matrix& a, const Matrix& b,
                    const T* beta_pointer, const Matrix& c, int64_t count) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (c.rows < 0 || c.columns < 0 || k < 0 || count < 0) return CUBLAS_STATUS_INVALID_VALUE;
  for (const Matrix* matrix : {&a, &b, &c}) {
    if (matrix->step < std::max<int64_t>(1, matrix->rows)) return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (c.rows == 0 || c.columns == 0 || count == 0) return CUBLAS_STATUS_SUCCESS;
  Lock lock = hold();
  CUstream_st& stream = handle->stream == nullptr ? resolve(nullptr) : resolve(handle->stream);
  if (stream.device != handle->device) return CUBLAS_STATUS_INVALID_VALUE;
  T alpha = *alpha_pointer, beta = *beta_pointer;
  for (const Matrix* matrix : {&a, &b, &c}) matrix->check(count, handle->device);
  enqueue(stream, [=] {
    Unprotected unprotected;
    for (int64_t batch = 0; batch < count; ++batch) {
      for (int64_t column = 0; column < c.columns; ++column) {
        for (int64_t row = 0; row < c.rows; ++row) {
          T sum = 0;
          for (int64_t i = 0; i < k; ++i) {
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
// The workspace is checked, but products need none.
cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, size_t bytes) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (reinterpret_cast<uintptr_t>(workspace) % 256 != 0) return CUBLAS_STATUS_INVALID_VALUE;
  Lock lock = hold();
  check_range("cublasSetWorkspace", workspace, bytes, handle->device);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasGetProperty(libraryPropertyType type, int* value) {
  *value = type == MAJOR_VERSION ? 13 : 0;
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

cublasStatus_t cublasGemmStridedBatchedEx_64(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b,
                                             int64_t m, int64_t n, int64_t k, const void* alpha, const void* a,
                                             cudaDataType type_a, int64_t lda, long long stride_a, const void* b,
                                             cudaDataType type_b, int64_t ldb, long long stride_b, const void* beta,
                                             void* c, cudaDataType type_c, int64_t ldc, long long stride_c,
                                             int64_t count, cublasComputeType_t compute, cublasGemmAlgo_t) {
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

cublasStatus_t cublasGemmEx_64(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int64_t m,
                               int64_t n, int64_t k, const void* alpha, const void* a, cudaDataType type_a, int64_t lda,
                               const void* b, cudaDataType type_b, int64_t ldb, const void* beta, void* c,
                               cudaDataType type_c, int64_t ldc, cublasComputeType_t compute,
                               cublasGemmAlgo_t algorithm) {
  return cublasGemmStridedBatchedEx_64(handle, op_a, op_b, m, n, k, alpha, a, type_a, lda, 0, b, type_b, ldb, 0, beta,
                                       c, type_c, ldc, 0, 1, compute, algorithm);
}

cublasStatus_t cublasGemmStridedBatchedEx(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m,
                                          int n, int k, const void* alpha, const void* a, cudaDataType type_a, int lda,
                                          long long stride_a, const void* b, cudaDataType type_b, int ldb,
                                          long long stride_b, const void* beta, void* c, cudaDataType type_c, int ldc,
                                          long long stride_c, int count, cublasComputeType_t compute,
                                          cublasGemmAlgo_t algorithm) {
  return cublasGemmStridedBatchedEx_64(handle, op_a, op_b, m, n, k, alpha, a, type_a, lda, stride_a, b, type_b, ldb,
                                       stride_b, beta, c, type_c, ldc, stride_c, count, compute, algorithm);
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m, int n, int k,
                            const void* alpha, const void* a, cudaDataType type_a, int lda, const void* b,
                            cudaDataType type_b, int ldb, const void* beta, void* c, cudaDataType type_c, int ldc,
                            cublasComputeType_t compute, cublasGemmAlgo_t algorithm) {
  return cublasGemmEx_64(handle, op_a, op_b, m, n, k, alpha, a, type_a, lda, b, type_b, ldb, beta, c, type_c, ldc,
                         compute, algorithm);
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
