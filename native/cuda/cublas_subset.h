// The part of cuBLAS 12 and 13 that is used, declared here so that building needs no headers of it.
// test/cuda/headers.cpp compares it with NVIDIA's.
#pragma once
#include <cuda_runtime.h>

#include <cstdint>

// clang-format off
enum cublasStatus_t : int {
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_NOT_INITIALIZED = 1,
  CUBLAS_STATUS_ALLOC_FAILED = 3,
  CUBLAS_STATUS_INVALID_VALUE = 7,
  CUBLAS_STATUS_NOT_SUPPORTED = 15,
};
enum cublasOperation_t : int { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1, CUBLAS_OP_C = 2 };
enum cublasMath_t : int {
  CUBLAS_DEFAULT_MATH = 0,
  CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION = 16,
};
enum cublasGemmAlgo_t : int { CUBLAS_GEMM_DEFAULT = -1 };
enum cublasComputeType_t : int {
  CUBLAS_COMPUTE_32F = 68,
  CUBLAS_COMPUTE_64F = 70,
  CUBLAS_COMPUTE_32F_FAST_TF32 = 77,
};
typedef struct cublasContext* cublasHandle_t;

// F(result, name, parameters)
#define CUBLAS_FUNCTIONS(F)                                                                                            \
  F(cublasStatus_t, cublasCreate_v2, (cublasHandle_t * handle))                                                        \
  F(cublasStatus_t, cublasGetProperty, (libraryPropertyType type, int* value))                                         \
  F(const char*, cublasGetStatusString, (cublasStatus_t status))                                                       \
  F(cublasStatus_t, cublasSetStream_v2, (cublasHandle_t handle, cudaStream_t stream))                                  \
  F(cublasStatus_t, cublasSetWorkspace_v2, (cublasHandle_t handle, void* workspace, size_t bytes))                     \
  F(cublasStatus_t, cublasSetMathMode, (cublasHandle_t handle, cublasMath_t mode))                                     \
  F(cublasStatus_t, cublasGemmEx_64,                                                                                   \
    (cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int64_t m, int64_t n, int64_t k,           \
     const void* alpha, const void* a, cudaDataType type_a, int64_t lda, const void* b, cudaDataType type_b,           \
     int64_t ldb, const void* beta, void* c, cudaDataType type_c, int64_t ldc, cublasComputeType_t compute,            \
     cublasGemmAlgo_t algorithm))                                                                                      \
  F(cublasStatus_t, cublasGemmStridedBatchedEx_64,                                                                     \
    (cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int64_t m, int64_t n, int64_t k,           \
     const void* alpha, const void* a, cudaDataType type_a, int64_t lda, long long stride_a, const void* b,            \
     cudaDataType type_b, int64_t ldb, long long stride_b, const void* beta, void* c, cudaDataType type_c,             \
     int64_t ldc, long long stride_c, int64_t count, cublasComputeType_t compute, cublasGemmAlgo_t algorithm))
// clang-format on
