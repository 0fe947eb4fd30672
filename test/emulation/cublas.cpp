// The stand-in for cuBLAS against plain loops; with an argument, on a matrix that is too small, which must be reported.
#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "kernels.h"

namespace {

constexpr int kM = 5, kN = 4, kK = 7, kBatch = 3;

template <class T, class Sum, class Product>
void test_product(const char* name, bool transpose_a, bool transpose_b, Product product) {
  std::vector<float> values = numbers(kBatch * kM * kK), other = numbers(kBatch * kK * kN), expected(kBatch * kM * kN);
  for (int batch = 0; batch < kBatch; ++batch) {
    for (int row = 0; row < kM; ++row) {
      for (int column = 0; column < kN; ++column) {
        Sum sum = 0;
        for (int i = 0; i < kK; ++i) {
          T x = values[batch * kM * kK + (transpose_a ? row * kK + i : i * kM + row)];
          T y = other[batch * kK * kN + (transpose_b ? i * kN + column : column * kK + i)];
          sum += static_cast<Sum>(x) * static_cast<Sum>(y);
        }
        expected[batch * kM * kN + column * kM + row] = static_cast<float>(static_cast<T>(2 * sum));
      }
    }
  }
  Array<T> a(std::vector<T>(values.begin(), values.end())), b(std::vector<T>(other.begin(), other.end()));
  Array<T> c(kBatch * kM * kN);
  cublasHandle_t handle;
  cudaStream_t stream;
  OK(cudaStreamCreate(&stream));
  bool right =
      cublasCreate(&handle) == CUBLAS_STATUS_SUCCESS && cublasSetStream(handle, stream) == CUBLAS_STATUS_SUCCESS;
  Sum alpha = 2, beta = 0;
  right = right && product(handle, transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N, transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N,
                           alpha, a.data(), transpose_a ? kK : kM, b.data(), transpose_b ? kN : kK, beta,
                           c.data()) == CUBLAS_STATUS_SUCCESS;
  OK(cudaStreamSynchronize(stream));
  std::vector<T> found = c.read();
  expect_close(name, std::vector<float>(found.begin(), found.end()), expected);
  if (right && cublasDestroy(handle) == CUBLAS_STATUS_SUCCESS) return;
  std::fprintf(stderr, "wrong result: %s was refused\n", name);
  std::exit(1);
}

int too_small() {
  Array<float> a(kM * kK - 1), b(kK * kN), c(kM * kN);
  cublasHandle_t handle;
  cublasCreate(&handle);
  float one = 1, zero = 0;
  return cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, kM, kN, kK, &one, a.data(), kM, b.data(), kK, &zero, c.data(),
                     kM);
}

auto strided(cudaDataType type, cublasComputeType_t compute) {
  return [=](cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, auto alpha, auto* a, int lda,
             auto* b, int ldb, auto beta, auto* c) {
    return cublasGemmStridedBatchedEx(handle, op_a, op_b, kM, kN, kK, &alpha, a, type, lda, kM * kK, b, type, ldb,
                                      kK * kN, &beta, c, type, kM, kM * kN, kBatch, compute, CUBLAS_GEMM_DEFAULT);
  };
}

}  // namespace

int main(int count, char**) {
  if (count > 1) return too_small();
  for (int transposed = 0; transposed < 4; ++transposed) {
    bool ta = transposed & 1, tb = transposed & 2;
    test_product<float, float>("float", ta, tb, strided(CUDA_R_32F, CUBLAS_COMPUTE_32F));
    test_product<double, double>("double", ta, tb, strided(CUDA_R_64F, CUBLAS_COMPUTE_64F));
    test_product<__half, float>("float16", ta, tb, strided(CUDA_R_16F, CUBLAS_COMPUTE_32F));
    test_product<__nv_bfloat16, float>("bfloat16", ta, tb, strided(CUDA_R_16BF, CUBLAS_COMPUTE_32F));
  }
  test_product<float, float>("sgemm per matrix", false, true,
                             [](cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, float alpha,
                                float* a, int lda, float* b, int ldb, float beta, float* c) {
                               cublasStatus_t status = CUBLAS_STATUS_SUCCESS;
                               for (int i = 0; i < kBatch && status == CUBLAS_STATUS_SUCCESS; ++i) {
                                 status = cublasSgemm(handle, op_a, op_b, kM, kN, kK, &alpha, a + i * kM * kK, lda,
                                                      b + i * kK * kN, ldb, &beta, c + i * kM * kN, kM);
                               }
                               return status;
                             });
}
