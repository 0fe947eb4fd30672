// cuDNN's convolutions and batch norm, plainly: for their results and for the check of what they are given. Its
// algorithms differ in what the addon must heed: how they sum and round, and what they want.
#include "include/cudnn.h"

#include <atomic>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "device.h"
#include "element.h"
#include "memory.h"
#include "stream.h"

struct cudnnContext {
  int device;
  cudaStream_t stream;
};
struct cudnnTensorStruct {
  cudnnDataType_t type;
  int64_t n, c, h, w;
};
struct cudnnFilterStruct {
  cudnnDataType_t type;
  int64_t k, c, r, s;
};
struct cudnnConvolutionStruct {
  int pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w;
  int groups = 1;
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
};

namespace emulation {
namespace {

cudaDataType data_type(cudnnDataType_t type) {
  return type == CUDNN_DATA_FLOAT ? CUDA_R_32F : type == CUDNN_DATA_HALF ? CUDA_R_16F : CUDA_R_16BF;
}

struct Values {
  void* data;
  cudaDataType type;
  int64_t count;

  Values(const void* data, cudnnTensorDescriptor_t t)
      : data(const_cast<void*>(data)), type(data_type(t->type)), count(t->n * t->c * t->h * t->w) {}
  Values(const void* data, cudnnFilterDescriptor_t f)
      : data(const_cast<void*>(data)), type(data_type(f->type)), count(f->k * f->c * f->r * f->s) {}

  bool check(int device) const {
    check_range("cudnn", data, static_cast<size_t>(count) * element_size(type), device);
    return reinterpret_cast<uintptr_t>(data) % 16 == 0;
  }
  float operator[](int64_t i) const { return load<float>(data, type, i); }
  void put(int64_t i, double value) const { store<float>(data, type, i, static_cast<float>(value)); }
};

/// `work` runs on the handle's stream if all that it touches is there and aligned, and the factors say: overwrite.
template <class Work>
cudnnStatus_t perform(cudnnHandle_t handle, const void* alpha, float beta, const void* beta_at,
                      std::initializer_list<Values> operands, Work work) {
  if (handle == nullptr) return CUDNN_STATUS_NOT_INITIALIZED;
  Lock lock = hold();
  CUstream_st& stream = resolve(handle->stream);
  if (stream.device != handle->device) return CUDNN_STATUS_BAD_PARAM;
  if (*static_cast<const float*>(alpha) != 1 || *static_cast<const float*>(beta_at) != beta)
    return CUDNN_STATUS_BAD_PARAM;
  for (const Values& values : operands)
    if (!values.check(handle->device)) return CUDNN_STATUS_BAD_PARAM;
  enqueue(stream, [=] {
    Unprotected unprotected;
    work();
  });
  return CUDNN_STATUS_SUCCESS;
}

// In this order cuDNN recommends them, whatever the pass.
constexpr int kRefuses = 0;   // takes no groups when it comes to it, though it was recommended
constexpr int kRestless = 1;  // sums in another order each time
constexpr int kRounds = 2;    // rounds factors of float32 to TF32
constexpr int kPlain = 3;
constexpr int kAlgorithms = 4;
constexpr size_t kWorkspace[kAlgorithms] = {0, 4096, 256, 1000};

template <class Result>
cudnnStatus_t list(cudnnConvolutionDescriptor_t conv, int requested, int* returned, Result* results) {
  *returned = 0;
  for (int i = 0; i < kAlgorithms && *returned < requested; ++i) {
    Result& result = results[(*returned)++] = {};
    result.algo = static_cast<decltype(result.algo)>(i);
    result.memory = kWorkspace[i];
    result.determinism = i == kRestless ? CUDNN_NON_DETERMINISTIC : CUDNN_DETERMINISTIC;
    result.mathType = i == kRounds ? CUDNN_DEFAULT_MATH : conv->math;
    result.time = static_cast<float>(i + 1);
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t workspace_of(int algorithm, size_t* bytes) {
  if (algorithm >= kAlgorithms) return CUDNN_STATUS_NOT_SUPPORTED;
  *bytes = kWorkspace[algorithm];
  return CUDNN_STATUS_SUCCESS;
}

float tf32(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  bits &= 0xffffe000u;
  std::memcpy(&value, &bits, 4);
  return value;
}

enum Role { kX, kWeight, kY };

/// Makes what plays the role `made` from the other two: every meeting of an input, a weight and an output adds to it.
cudnnStatus_t convolve(cudnnHandle_t handle, Role made, const void* alpha, const void* beta, cudnnTensorDescriptor_t x,
                       const void* x_data, cudnnFilterDescriptor_t w, const void* w_data, cudnnTensorDescriptor_t y,
                       const void* y_data, cudnnConvolutionDescriptor_t conv, int algorithm, void* workspace,
                       size_t bytes) {
  if (algorithm >= kAlgorithms || (algorithm == kRefuses && conv->groups > 1)) return CUDNN_STATUS_NOT_SUPPORTED;
  auto outputs = [](int64_t input, int pad, int dilation, int64_t taps, int stride) {
    return (input + 2 * pad - dilation * (taps - 1) - 1) / stride + 1;
  };
  if (x->n != y->n || w->k != y->c || w->c * conv->groups != x->c || bytes < kWorkspace[algorithm] ||
      y->h != outputs(x->h, conv->pad_h, conv->dilation_h, w->r, conv->stride_h) ||
      y->w != outputs(x->w, conv->pad_w, conv->dilation_w, w->s, conv->stride_w))
    return CUDNN_STATUS_BAD_PARAM;
  check_range("the workspace of cudnn", workspace, kWorkspace[algorithm], handle->device);
  const Values values[] = {{x_data, x}, {w_data, w}, {y_data, y}};
  const bool rounds = conv->math != CUDNN_FMA_MATH && x->type == CUDNN_DATA_FLOAT;
  static std::atomic<bool> turn{false};
  const bool backwards = algorithm == kRestless && (turn = !turn);
  return perform(
      handle, alpha, 0, beta, {values[0], values[1], values[2]},
      [made, rounds, backwards, x = *x, w = *w, y = *y, conv = *conv, v0 = values[0], v1 = values[1], v2 = values[2]] {
        const Values all[] = {v0, v1, v2};
        std::vector<float> sums(all[made].count);
        const Values &a = all[made == kX ? kWeight : kX], &b = all[made == kY ? kWeight : kY];
        const int64_t total = y.n * y.h * y.w * y.c * w.r * w.s * w.c;
        for (int64_t step = 0; step < total; ++step) {
          int64_t i = backwards ? total - 1 - step : step;
          auto split = [&i](int64_t size) { return std::exchange(i, i / size) % size; };
          const int64_t c = split(w.c), s = split(w.s), r = split(w.r), k = split(y.c), q = split(y.w), p = split(y.h);
          const int64_t row = p * conv.stride_h - conv.pad_h + r * conv.dilation_h;
          const int64_t column = q * conv.stride_w - conv.pad_w + s * conv.dilation_w;
          if (row < 0 || row >= x.h || column < 0 || column >= x.w) continue;
          const int64_t channel = k / (w.k / conv.groups) * w.c + c;
          const int64_t at[] = {((i * x.h + row) * x.w + column) * x.c + channel, ((k * w.r + r) * w.s + s) * w.c + c,
                                ((i * y.h + p) * y.w + q) * y.c + k};
          const float u = a[at[made == kX ? kWeight : kX]], v = b[at[made == kY ? kWeight : kY]];
          sums[at[made]] += rounds ? tf32(u) * tf32(v) : u * v;
        }
        for (int64_t i = 0; i < all[made].count; ++i) all[made].put(i, sums[i]);
      });
}

}  // namespace
}  // namespace emulation

using namespace emulation;

// Every Create, Destroy and Set of a descriptor.
#define SET(name, parameters, ...) \
  cudnnStatus_t name parameters {  \
    __VA_ARGS__;                   \
    return CUDNN_STATUS_SUCCESS;   \
  }

extern "C" {

size_t cudnnGetVersion() { return 90000; }
size_t cudnnGetCudartVersion() { return 13000; }
const char* cudnnGetErrorString(cudnnStatus_t status) {
  return status == CUDNN_STATUS_SUCCESS         ? "success"
         : status == CUDNN_STATUS_BAD_PARAM     ? "bad parameter"
         : status == CUDNN_STATUS_NOT_SUPPORTED ? "not supported"
                                                : "another status";
}
SET(cudnnCreate, (cudnnHandle_t * handle), *handle = new cudnnContext{current_device(), nullptr})
SET(cudnnSetStream, (cudnnHandle_t handle, cudaStream_t stream), handle->stream = stream)
SET(cudnnCreateTensorDescriptor, (cudnnTensorDescriptor_t * tensor), *tensor = new cudnnTensorStruct{})
SET(cudnnDestroyTensorDescriptor, (cudnnTensorDescriptor_t tensor), delete tensor)
SET(cudnnSetTensor4dDescriptor,
    (cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t, cudnnDataType_t type, int n, int c, int h, int w),
    *tensor = {type, n, c, h, w})
SET(cudnnCreateFilterDescriptor, (cudnnFilterDescriptor_t * filter), *filter = new cudnnFilterStruct{})
SET(cudnnDestroyFilterDescriptor, (cudnnFilterDescriptor_t filter), delete filter)
SET(cudnnSetFilter4dDescriptor,
    (cudnnFilterDescriptor_t filter, cudnnDataType_t type, cudnnTensorFormat_t, int k, int c, int r, int s),
    *filter = {type, k, c, r, s})
SET(cudnnCreateConvolutionDescriptor, (cudnnConvolutionDescriptor_t * conv), *conv = new cudnnConvolutionStruct{})
SET(cudnnDestroyConvolutionDescriptor, (cudnnConvolutionDescriptor_t conv), delete conv)
SET(cudnnSetConvolution2dDescriptor,
    (cudnnConvolutionDescriptor_t conv, int pad_h, int pad_w, int stride_h, int stride_w, int dilation_h,
     int dilation_w, cudnnConvolutionMode_t, cudnnDataType_t),
    *conv = {pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w})
SET(cudnnSetConvolutionGroupCount, (cudnnConvolutionDescriptor_t conv, int groups), conv->groups = groups)
SET(cudnnSetConvolutionMathType, (cudnnConvolutionDescriptor_t conv, cudnnMathType_t math), conv->math = math)

// A pass of a convolution: its names, what it makes, and what it takes and makes in cuDNN's order.
#define PASS(Pass, Algo, made, A, a, B, b, C, c)                                                                       \
  cudnnStatus_t cudnnGetConvolution##Pass##Algorithm_v7(cudnnHandle_t, A, B, cudnnConvolutionDescriptor_t conv, C,     \
                                                        int requested, int* returned,                                  \
                                                        cudnnConvolution##Algo##AlgoPerf_t* results) {                 \
    return list(conv, requested, returned, results);                                                                   \
  }                                                                                                                    \
  cudnnStatus_t cudnnGetConvolution##Pass##WorkspaceSize(cudnnHandle_t, A, B, cudnnConvolutionDescriptor_t, C,         \
                                                         cudnnConvolution##Algo##Algo_t algorithm, size_t* bytes) {    \
    return workspace_of(algorithm, bytes);                                                                             \
  }                                                                                                                    \
  cudnnStatus_t cudnnConvolution##Pass(cudnnHandle_t handle, const void* alpha, A a, const void* a##_data, B b,        \
                                       const void* b##_data, cudnnConvolutionDescriptor_t conv,                        \
                                       cudnnConvolution##Algo##Algo_t algorithm, void* workspace, size_t bytes,        \
                                       const void* beta, C c, void* c##_data) {                                        \
    return convolve(handle, made, alpha, beta, x, x_data, w, w_data, y, y_data, conv, algorithm, workspace, bytes);    \
  }                                                                                                                    \
  cudnnStatus_t cudnnFindConvolution##Pass##AlgorithmEx(                                                               \
      cudnnHandle_t handle, A a, const void* a##_data, B b, const void* b##_data, cudnnConvolutionDescriptor_t conv,   \
      C c, void* c##_data, int requested, int* returned, cudnnConvolution##Algo##AlgoPerf_t* results, void* workspace, \
      size_t bytes) {                                                                                                  \
    const float one = 1, zero = 0;                                                                                     \
    list(conv, requested, returned, results);                                                                          \
    for (int i = 0; i < *returned; ++i)                                                                                \
      results[i].status = convolve(handle, made, &one, &zero, x, x_data, w, w_data, y, y_data, conv, results[i].algo,  \
                                   workspace, bytes);                                                                  \
    return CUDNN_STATUS_SUCCESS;                                                                                       \
  }
PASS(Forward, Fwd, kY, cudnnTensorDescriptor_t, x, cudnnFilterDescriptor_t, w, cudnnTensorDescriptor_t, y)
PASS(BackwardData, BwdData, kX, cudnnFilterDescriptor_t, w, cudnnTensorDescriptor_t, y, cudnnTensorDescriptor_t, x)
PASS(BackwardFilter, BwdFilter, kWeight, cudnnTensorDescriptor_t, x, cudnnTensorDescriptor_t, y,
     cudnnFilterDescriptor_t, w)

// c of [n, c, h, w] += a of [1, c, 1, 1]
cudnnStatus_t cudnnAddTensor(cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t a_tensor, const void* a,
                             const void* beta, cudnnTensorDescriptor_t c_tensor, void* c) {
  const Values bias(a, a_tensor), sum(c, c_tensor);
  if (bias.count != c_tensor->c) return CUDNN_STATUS_NOT_SUPPORTED;
  return perform(handle, alpha, 1, beta, {bias, sum}, [=] {
    for (int64_t i = 0; i < sum.count; ++i) sum.put(i, sum[i] + bias[i % bias.count]);
  });
}

cudnnStatus_t cudnnBatchNormalizationForwardTraining(cudnnHandle_t handle, cudnnBatchNormMode_t, const void* alpha,
                                                     const void* beta, cudnnTensorDescriptor_t x_tensor,
                                                     const void* x_data, cudnnTensorDescriptor_t y_tensor, void* y_data,
                                                     cudnnTensorDescriptor_t channels, const void* scale_data,
                                                     const void* bias_data, double factor, void* running_mean,
                                                     void* running_variance, double epsilon, void* saved_mean,
                                                     void* saved_inv_variance) {
  const Values x(x_data, x_tensor), y(y_data, y_tensor), scale(scale_data, channels), bias(bias_data, channels);
  const Values mean(saved_mean, channels), inverse(saved_inv_variance, channels);
  const bool runs = running_mean != nullptr;
  if (runs != (running_variance != nullptr) || x.count != y.count) return CUDNN_STATUS_BAD_PARAM;
  // Where there are none, others that are not touched stand for them.
  const Values means(runs ? running_mean : saved_mean, channels);
  const Values variances(runs ? running_variance : saved_inv_variance, channels);
  return perform(handle, alpha, 0, beta, {x, y, scale, bias, mean, inverse, means, variances}, [=] {
    const int64_t width = scale.count, rows = x.count / width;
    for (int64_t c = 0; c < width; ++c) {
      double sum = 0, squares = 0;
      for (int64_t i = c; i < x.count; i += width) sum += x[i];
      const double center = sum / rows;
      for (int64_t i = c; i < x.count; i += width) squares += (x[i] - center) * (x[i] - center);
      const double by = 1 / std::sqrt(squares / rows + epsilon);
      for (int64_t i = c; i < x.count; i += width) y.put(i, (x[i] - center) * by * scale[c] + bias[c]);
      if (runs) means.put(c, (1 - factor) * means[c] + factor * center);
      if (runs) variances.put(c, (1 - factor) * variances[c] + factor * squares / (rows - 1));
      mean.put(c, center);
      inverse.put(c, by);
    }
  });
}

cudnnStatus_t cudnnBatchNormalizationBackward(cudnnHandle_t handle, cudnnBatchNormMode_t, const void* alpha,
                                              const void* beta, const void* alpha_param, const void* beta_param,
                                              cudnnTensorDescriptor_t x_tensor, const void* x_data,
                                              cudnnTensorDescriptor_t dy_tensor, const void* dy_data,
                                              cudnnTensorDescriptor_t dx_tensor, void* dx_data,
                                              cudnnTensorDescriptor_t channels, const void* scale_data,
                                              void* dscale_data, void* dbias_data, double, const void* saved_mean,
                                              const void* saved_inv_variance) {
  const Values x(x_data, x_tensor), dy(dy_data, dy_tensor), dx(dx_data, dx_tensor), scale(scale_data, channels);
  const Values dscale(dscale_data, channels), dbias(dbias_data, channels);
  const Values mean(saved_mean, channels), inverse(saved_inv_variance, channels);
  if (x.count != dy.count || x.count != dx.count || *static_cast<const float*>(alpha_param) != 1 ||
      *static_cast<const float*>(beta_param) != 0)
    return CUDNN_STATUS_BAD_PARAM;
  return perform(handle, alpha, 0, beta, {x, dy, dx, scale, dscale, dbias, mean, inverse}, [=] {
    const int64_t width = scale.count, rows = x.count / width;
    for (int64_t c = 0; c < width; ++c) {
      double sum = 0, slope = 0;
      auto normal = [&](int64_t i) { return (x[i] - mean[c]) * inverse[c]; };
      for (int64_t i = c; i < x.count; i += width) sum += dy[i], slope += dy[i] * normal(i);
      for (int64_t i = c; i < x.count; i += width)
        dx.put(i, scale[c] * inverse[c] * (dy[i] - sum / rows - normal(i) * slope / rows));
      dscale.put(c, slope);
      dbias.put(c, sum);
    }
  });
}

}  // extern "C"
