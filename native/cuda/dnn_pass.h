// The passes of a convolution as cuDNN has them: each makes c from a and b with an algorithm of its own enumeration.
#pragma once
#include "dnn_plan.h"

namespace convcore::cuda::dnn {

struct Operands {
  const void *a, *b;
  void* c;
};

/// y from x and weight.
struct Forward {
  static constexpr ConvPass kPass = ConvPass::Forward;
  static constexpr int kAlgorithms = CUDNN_CONVOLUTION_FWD_ALGO_COUNT;
  using Algorithm = cudnnConvolutionFwdAlgo_t;
  using Performance = cudnnConvolutionFwdAlgoPerf_t;

  static cudnnStatus_t ask(cudnnHandle_t handle, const Plan& p, int requested, int* returned, Performance* results) {
    return cudnn().cudnnGetConvolutionForwardAlgorithm_v7(handle, p.x, p.weight, p.conv, p.y, requested, returned,
                                                          results);
  }
  static cudnnStatus_t time(cudnnHandle_t handle, const Plan& p, const Operands& o, int requested, int* returned,
                            Performance* results, void* workspace, size_t bytes) {
    return cudnn().cudnnFindConvolutionForwardAlgorithmEx(handle, p.x, o.a, p.weight, o.b, p.conv, p.y, o.c, requested,
                                                          returned, results, workspace, bytes);
  }
  static cudnnStatus_t workspace(cudnnHandle_t handle, const Plan& p, Algorithm algorithm, size_t* bytes) {
    return cudnn().cudnnGetConvolutionForwardWorkspaceSize(handle, p.x, p.weight, p.conv, p.y, algorithm, bytes);
  }
  static cudnnStatus_t run(cudnnHandle_t handle, const Plan& p, const Operands& o, Algorithm algorithm, void* workspace,
                           size_t bytes) {
    const float one = 1, zero = 0;
    return cudnn().cudnnConvolutionForward(handle, &one, p.x, o.a, p.weight, o.b, p.conv, algorithm, workspace, bytes,
                                           &zero, p.y, o.c);
  }
};

/// dx from weight and dy.
struct BackwardInput {
  static constexpr ConvPass kPass = ConvPass::BackwardInput;
  static constexpr int kAlgorithms = CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT;
  using Algorithm = cudnnConvolutionBwdDataAlgo_t;
  using Performance = cudnnConvolutionBwdDataAlgoPerf_t;

  static cudnnStatus_t ask(cudnnHandle_t handle, const Plan& p, int requested, int* returned, Performance* results) {
    return cudnn().cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, p.weight, p.y, p.conv, p.x, requested, returned,
                                                               results);
  }
  static cudnnStatus_t time(cudnnHandle_t handle, const Plan& p, const Operands& o, int requested, int* returned,
                            Performance* results, void* workspace, size_t bytes) {
    return cudnn().cudnnFindConvolutionBackwardDataAlgorithmEx(handle, p.weight, o.a, p.y, o.b, p.conv, p.x, o.c,
                                                               requested, returned, results, workspace, bytes);
  }
  static cudnnStatus_t workspace(cudnnHandle_t handle, const Plan& p, Algorithm algorithm, size_t* bytes) {
    return cudnn().cudnnGetConvolutionBackwardDataWorkspaceSize(handle, p.weight, p.y, p.conv, p.x, algorithm, bytes);
  }
  static cudnnStatus_t run(cudnnHandle_t handle, const Plan& p, const Operands& o, Algorithm algorithm, void* workspace,
                           size_t bytes) {
    const float one = 1, zero = 0;
    return cudnn().cudnnConvolutionBackwardData(handle, &one, p.weight, o.a, p.y, o.b, p.conv, algorithm, workspace,
                                                bytes, &zero, p.x, o.c);
  }
};

/// dweight from x and dy.
struct BackwardWeight {
  static constexpr ConvPass kPass = ConvPass::BackwardWeight;
  static constexpr int kAlgorithms = CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT;
  using Algorithm = cudnnConvolutionBwdFilterAlgo_t;
  using Performance = cudnnConvolutionBwdFilterAlgoPerf_t;

  static cudnnStatus_t ask(cudnnHandle_t handle, const Plan& p, int requested, int* returned, Performance* results) {
    return cudnn().cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle, p.x, p.y, p.conv, p.weight, requested,
                                                                 returned, results);
  }
  static cudnnStatus_t time(cudnnHandle_t handle, const Plan& p, const Operands& o, int requested, int* returned,
                            Performance* results, void* workspace, size_t bytes) {
    return cudnn().cudnnFindConvolutionBackwardFilterAlgorithmEx(handle, p.x, o.a, p.y, o.b, p.conv, p.weight, o.c,
                                                                 requested, returned, results, workspace, bytes);
  }
  static cudnnStatus_t workspace(cudnnHandle_t handle, const Plan& p, Algorithm algorithm, size_t* bytes) {
    return cudnn().cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, p.x, p.y, p.conv, p.weight, algorithm, bytes);
  }
  static cudnnStatus_t run(cudnnHandle_t handle, const Plan& p, const Operands& o, Algorithm algorithm, void* workspace,
                           size_t bytes) {
    const float one = 1, zero = 0;
    return cudnn().cudnnConvolutionBackwardFilter(handle, &one, p.x, o.a, p.y, o.b, p.conv, algorithm, workspace, bytes,
                                                  &zero, p.weight, o.c);
  }
};

}  // namespace convcore::cuda::dnn
