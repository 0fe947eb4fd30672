// The part of cuDNN 9 that is used, declared here so that building needs no headers of it: its convolutions and batch
// norm with descriptors. test/cuda/headers.cpp compares it with NVIDIA's.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>

// clang-format off
enum cudnnStatus_t : int {
  CUDNN_STATUS_SUCCESS = 0,
  CUDNN_STATUS_NOT_INITIALIZED = 1001,
  CUDNN_STATUS_BAD_PARAM = 2000,
  CUDNN_STATUS_NOT_SUPPORTED = 3000,  // reasons of it are 3001 to 3999
  CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED = 4003,
  CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED = 4004,
};
enum cudnnDataType_t : int {
  CUDNN_DATA_FLOAT = 0,
  CUDNN_DATA_HALF = 2,
  CUDNN_DATA_BFLOAT16 = 9,
};
enum cudnnTensorFormat_t : int { CUDNN_TENSOR_NHWC = 1 };
enum cudnnConvolutionMode_t : int { CUDNN_CROSS_CORRELATION = 1 };
enum cudnnMathType_t : int {
  CUDNN_DEFAULT_MATH = 0,
  CUDNN_TENSOR_OP_MATH = 1,
  CUDNN_FMA_MATH = 3,
};
enum cudnnDeterminism_t : int { CUDNN_NON_DETERMINISTIC = 0, CUDNN_DETERMINISTIC = 1 };
enum cudnnBatchNormMode_t : int { CUDNN_BATCHNORM_SPATIAL = 1 };

// Algorithms are taken from cuDNN's lists and given back to it; which they are does not matter here.
enum cudnnConvolutionFwdAlgo_t : int { CUDNN_CONVOLUTION_FWD_ALGO_COUNT = 8 };
enum cudnnConvolutionBwdDataAlgo_t : int { CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT = 6 };
enum cudnnConvolutionBwdFilterAlgo_t : int { CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT = 7 };

typedef struct cudnnContext* cudnnHandle_t;
typedef struct cudnnTensorStruct* cudnnTensorDescriptor_t;
typedef struct cudnnFilterStruct* cudnnFilterDescriptor_t;
typedef struct cudnnConvolutionStruct* cudnnConvolutionDescriptor_t;

#define CUDNN_PERFORMANCE(name, algorithm) \
  struct name {                            \
    algorithm algo;                        \
    cudnnStatus_t status;                  \
    float time; /* milliseconds */         \
    size_t memory;                         \
    cudnnDeterminism_t determinism;        \
    cudnnMathType_t mathType;              \
    int reserved[3];                       \
  };
CUDNN_PERFORMANCE(cudnnConvolutionFwdAlgoPerf_t, cudnnConvolutionFwdAlgo_t)
CUDNN_PERFORMANCE(cudnnConvolutionBwdDataAlgoPerf_t, cudnnConvolutionBwdDataAlgo_t)
CUDNN_PERFORMANCE(cudnnConvolutionBwdFilterAlgoPerf_t, cudnnConvolutionBwdFilterAlgo_t)
#undef CUDNN_PERFORMANCE

// F(result, name, parameters)
#define CUDNN_FUNCTIONS(F)                                                                                             \
  F(size_t, cudnnGetVersion, ())                                                                                       \
  F(size_t, cudnnGetCudartVersion, ())                                                                                 \
  F(const char*, cudnnGetErrorString, (cudnnStatus_t status))                                                          \
  F(cudnnStatus_t, cudnnCreate, (cudnnHandle_t * handle))                                                              \
  F(cudnnStatus_t, cudnnSetStream, (cudnnHandle_t handle, cudaStream_t stream))                                        \
  F(cudnnStatus_t, cudnnCreateTensorDescriptor, (cudnnTensorDescriptor_t * tensor))                                    \
  F(cudnnStatus_t, cudnnDestroyTensorDescriptor, (cudnnTensorDescriptor_t tensor))                                     \
  F(cudnnStatus_t, cudnnSetTensor4dDescriptor,                                                                         \
    (cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format, cudnnDataType_t type, int n, int c, int h, int w))    \
  F(cudnnStatus_t, cudnnCreateFilterDescriptor, (cudnnFilterDescriptor_t * filter))                                    \
  F(cudnnStatus_t, cudnnDestroyFilterDescriptor, (cudnnFilterDescriptor_t filter))                                     \
  F(cudnnStatus_t, cudnnSetFilter4dDescriptor,                                                                         \
    (cudnnFilterDescriptor_t filter, cudnnDataType_t type, cudnnTensorFormat_t format, int k, int c, int r, int s))    \
  F(cudnnStatus_t, cudnnCreateConvolutionDescriptor, (cudnnConvolutionDescriptor_t * conv))                            \
  F(cudnnStatus_t, cudnnDestroyConvolutionDescriptor, (cudnnConvolutionDescriptor_t conv))                             \
  F(cudnnStatus_t, cudnnSetConvolution2dDescriptor,                                                                    \
    (cudnnConvolutionDescriptor_t conv, int pad_h, int pad_w, int stride_h, int stride_w, int dilation_h,              \
     int dilation_w, cudnnConvolutionMode_t mode, cudnnDataType_t compute))                                            \
  F(cudnnStatus_t, cudnnSetConvolutionGroupCount, (cudnnConvolutionDescriptor_t conv, int groups))                     \
  F(cudnnStatus_t, cudnnSetConvolutionMathType, (cudnnConvolutionDescriptor_t conv, cudnnMathType_t math))             \
  F(cudnnStatus_t, cudnnGetConvolutionForwardAlgorithm_v7,                                                             \
    (cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t conv,    \
     cudnnTensorDescriptor_t y, int requested, int* returned, cudnnConvolutionFwdAlgoPerf_t* results))                 \
  F(cudnnStatus_t, cudnnGetConvolutionBackwardDataAlgorithm_v7,                                                        \
    (cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t conv,   \
     cudnnTensorDescriptor_t dx, int requested, int* returned, cudnnConvolutionBwdDataAlgoPerf_t* results))            \
  F(cudnnStatus_t, cudnnGetConvolutionBackwardFilterAlgorithm_v7,                                                      \
    (cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t conv,   \
     cudnnFilterDescriptor_t dw, int requested, int* returned, cudnnConvolutionBwdFilterAlgoPerf_t* results))          \
  F(cudnnStatus_t, cudnnFindConvolutionForwardAlgorithmEx,                                                             \
    (cudnnHandle_t handle, cudnnTensorDescriptor_t x_tensor, const void* x, cudnnFilterDescriptor_t w_filter,          \
     const void* w, cudnnConvolutionDescriptor_t conv, cudnnTensorDescriptor_t y_tensor, void* y, int requested,       \
     int* returned, cudnnConvolutionFwdAlgoPerf_t* results, void* workspace, size_t bytes))                            \
  F(cudnnStatus_t, cudnnFindConvolutionBackwardDataAlgorithmEx,                                                        \
    (cudnnHandle_t handle, cudnnFilterDescriptor_t w_filter, const void* w, cudnnTensorDescriptor_t dy_tensor,         \
     const void* dy, cudnnConvolutionDescriptor_t conv, cudnnTensorDescriptor_t dx_tensor, void* dx, int requested,    \
     int* returned, cudnnConvolutionBwdDataAlgoPerf_t* results, void* workspace, size_t bytes))                        \
  F(cudnnStatus_t, cudnnFindConvolutionBackwardFilterAlgorithmEx,                                                      \
    (cudnnHandle_t handle, cudnnTensorDescriptor_t x_tensor, const void* x, cudnnTensorDescriptor_t dy_tensor,         \
     const void* dy, cudnnConvolutionDescriptor_t conv, cudnnFilterDescriptor_t dw_filter, void* dw, int requested,    \
     int* returned, cudnnConvolutionBwdFilterAlgoPerf_t* results, void* workspace, size_t bytes))                      \
  F(cudnnStatus_t, cudnnGetConvolutionForwardWorkspaceSize,                                                            \
    (cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t conv,    \
     cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t algorithm, size_t* bytes))                                   \
  F(cudnnStatus_t, cudnnGetConvolutionBackwardDataWorkspaceSize,                                                       \
    (cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t conv,   \
     cudnnTensorDescriptor_t dx, cudnnConvolutionBwdDataAlgo_t algorithm, size_t* bytes))                              \
  F(cudnnStatus_t, cudnnGetConvolutionBackwardFilterWorkspaceSize,                                                     \
    (cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t conv,   \
     cudnnFilterDescriptor_t dw, cudnnConvolutionBwdFilterAlgo_t algorithm, size_t* bytes))                            \
  F(cudnnStatus_t, cudnnConvolutionForward,                                                                            \
    (cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x_tensor, const void* x,                         \
     cudnnFilterDescriptor_t w_filter, const void* w, cudnnConvolutionDescriptor_t conv,                               \
     cudnnConvolutionFwdAlgo_t algorithm, void* workspace, size_t bytes, const void* beta,                             \
     cudnnTensorDescriptor_t y_tensor, void* y))                                                                       \
  F(cudnnStatus_t, cudnnConvolutionBackwardData,                                                                       \
    (cudnnHandle_t handle, const void* alpha, cudnnFilterDescriptor_t w_filter, const void* w,                         \
     cudnnTensorDescriptor_t dy_tensor, const void* dy, cudnnConvolutionDescriptor_t conv,                             \
     cudnnConvolutionBwdDataAlgo_t algorithm, void* workspace, size_t bytes, const void* beta,                         \
     cudnnTensorDescriptor_t dx_tensor, void* dx))                                                                     \
  F(cudnnStatus_t, cudnnConvolutionBackwardFilter,                                                                     \
    (cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x_tensor, const void* x,                         \
     cudnnTensorDescriptor_t dy_tensor, const void* dy, cudnnConvolutionDescriptor_t conv,                             \
     cudnnConvolutionBwdFilterAlgo_t algorithm, void* workspace, size_t bytes, const void* beta,                       \
     cudnnFilterDescriptor_t dw_filter, void* dw))                                                                     \
  F(cudnnStatus_t, cudnnAddTensor,                                                                                     \
    (cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t a_tensor, const void* a, const void* beta,       \
     cudnnTensorDescriptor_t c_tensor, void* c))                                                                       \
  F(cudnnStatus_t, cudnnBatchNormalizationForwardTraining,                                                             \
    (cudnnHandle_t handle, cudnnBatchNormMode_t mode, const void* alpha, const void* beta,                             \
     cudnnTensorDescriptor_t x_tensor, const void* x, cudnnTensorDescriptor_t y_tensor, void* y,                       \
     cudnnTensorDescriptor_t channels, const void* scale, const void* bias, double factor, void* running_mean,         \
     void* running_variance, double epsilon, void* saved_mean, void* saved_inv_variance))                              \
  F(cudnnStatus_t, cudnnBatchNormalizationBackward,                                                                    \
    (cudnnHandle_t handle, cudnnBatchNormMode_t mode, const void* alpha_data, const void* beta_data,                   \
     const void* alpha_param, const void* beta_param, cudnnTensorDescriptor_t x_tensor, const void* x,                 \
     cudnnTensorDescriptor_t dy_tensor, const void* dy, cudnnTensorDescriptor_t dx_tensor, void* dx,                   \
     cudnnTensorDescriptor_t channels, const void* scale, void* dscale, void* dbias, double epsilon,                   \
     const void* saved_mean, const void* saved_inv_variance))
// clang-format on
