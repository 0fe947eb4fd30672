// Compares what native/cuda declares of cuBLAS and cuDNN with NVIDIA's headers. Compiling it is the test, which
// scripts/cuda.sh does where it finds them.
#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <cudnn.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

// What they include has been included. Structs behind pointers are found as NVIDIA's.
namespace subset {
#include "../../native/cuda/cublas_subset.h"
#include "../../native/cuda/cudnn_subset.h"
}  // namespace subset

/// A type of the subset, with NVIDIA's enumerations and structs in place of its own.
template <class T>
struct Twin {
  using type = T;
};
template <class T>
struct Twin<T*> {
  using type = typename Twin<T>::type*;
};
template <class R, class... P>
struct Twin<R(P...)> {
  using type = typename Twin<R>::type(typename Twin<P>::type...);
};

#define TYPE(name)            \
  template <>                 \
  struct Twin<subset::name> { \
    using type = ::name;      \
  };                          \
  static_assert(sizeof(subset::name) == sizeof(::name), #name);
#define VALUE(name) static_assert(static_cast<int>(subset::name) == static_cast<int>(::name), #name);
#define MEMBER(owner, name)                                                                             \
  static_assert(offsetof(subset::owner, name) == offsetof(::owner, name) &&                             \
                    std::is_same_v<Twin<decltype(subset::owner::name)>::type, decltype(::owner::name)>, \
                #owner "::" #name);
// Taking the address picks the overload of exactly this type, and fails where there is none.
#define FUNCTION(result, name, parameters) \
  [[maybe_unused]] constexpr typename Twin<decltype(subset::declared::name)>::type* like_##name = &::name;

namespace subset::declared {
#define F(result, name, parameters) result name parameters;
CUBLAS_FUNCTIONS(F)
CUDNN_FUNCTIONS(F)
#undef F
}  // namespace subset::declared

TYPE(cublasStatus_t)
VALUE(CUBLAS_STATUS_SUCCESS)
VALUE(CUBLAS_STATUS_NOT_INITIALIZED)
VALUE(CUBLAS_STATUS_ALLOC_FAILED)
VALUE(CUBLAS_STATUS_INVALID_VALUE)
VALUE(CUBLAS_STATUS_NOT_SUPPORTED)
TYPE(cublasOperation_t)
VALUE(CUBLAS_OP_N)
VALUE(CUBLAS_OP_T)
VALUE(CUBLAS_OP_C)
TYPE(cublasMath_t)
VALUE(CUBLAS_DEFAULT_MATH)
VALUE(CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION)
TYPE(cublasGemmAlgo_t)
VALUE(CUBLAS_GEMM_DEFAULT)
TYPE(cublasComputeType_t)
VALUE(CUBLAS_COMPUTE_32F)
VALUE(CUBLAS_COMPUTE_64F)
VALUE(CUBLAS_COMPUTE_32F_FAST_TF32)
CUBLAS_FUNCTIONS(FUNCTION)

TYPE(cudnnStatus_t)
VALUE(CUDNN_STATUS_SUCCESS)
VALUE(CUDNN_STATUS_NOT_INITIALIZED)
VALUE(CUDNN_STATUS_BAD_PARAM)
VALUE(CUDNN_STATUS_NOT_SUPPORTED)
VALUE(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED)
VALUE(CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED)
TYPE(cudnnDataType_t)
VALUE(CUDNN_DATA_FLOAT)
VALUE(CUDNN_DATA_HALF)
VALUE(CUDNN_DATA_BFLOAT16)
TYPE(cudnnTensorFormat_t)
VALUE(CUDNN_TENSOR_NHWC)
TYPE(cudnnConvolutionMode_t)
VALUE(CUDNN_CROSS_CORRELATION)
TYPE(cudnnMathType_t)
VALUE(CUDNN_DEFAULT_MATH)
VALUE(CUDNN_TENSOR_OP_MATH)
VALUE(CUDNN_FMA_MATH)
TYPE(cudnnDeterminism_t)
VALUE(CUDNN_NON_DETERMINISTIC)
VALUE(CUDNN_DETERMINISTIC)
TYPE(cudnnBatchNormMode_t)
VALUE(CUDNN_BATCHNORM_SPATIAL)
TYPE(cudnnConvolutionFwdAlgo_t)
VALUE(CUDNN_CONVOLUTION_FWD_ALGO_COUNT)
TYPE(cudnnConvolutionBwdDataAlgo_t)
VALUE(CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT)
TYPE(cudnnConvolutionBwdFilterAlgo_t)
VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT)
#define PERFORMANCE(name)   \
  TYPE(name)                \
  MEMBER(name, algo)        \
  MEMBER(name, status)      \
  MEMBER(name, time)        \
  MEMBER(name, memory)      \
  MEMBER(name, determinism) \
  MEMBER(name, mathType)
PERFORMANCE(cudnnConvolutionFwdAlgoPerf_t)
PERFORMANCE(cudnnConvolutionBwdDataAlgoPerf_t)
PERFORMANCE(cudnnConvolutionBwdFilterAlgoPerf_t)
CUDNN_FUNCTIONS(FUNCTION)
