#include <optional>

#include "dnn.h"
#include "dnn_plan.h"

namespace convcore::cuda::dnn {
namespace {

/// rows · channels as images of height `h`, since cuDNN counts no more than 65535 of them.
struct Images {
  int64_t n, h;
};

std::optional<Images> images(int64_t rows, int64_t channels, DType dtype) {
  constexpr int64_t kMost = 65535;
  if ((dtype != DType::Float32 && dtype != DType::Float16) || rows < 2 || channels < 1 || product(rows, channels) < 0 ||
      product(rows, channels) >= (int64_t{1} << 31))
    return {};
  for (int64_t h = (rows + kMost - 1) / kMost; h <= kMost; ++h)
    if (rows % h == 0) return Images{rows / h, h};
  return {};
}

struct Shapes {
  Tensor image, channel;

  Shapes(const Images& images, int64_t channels, DType dtype) {
    const int c = static_cast<int>(channels);
    check(cudnn().cudnnSetTensor4dDescriptor(image, CUDNN_TENSOR_NHWC, type_of(dtype), static_cast<int>(images.n), c,
                                             static_cast<int>(images.h), 1),
          "cudnnSetTensor4dDescriptor");
    check(cudnn().cudnnSetTensor4dDescriptor(channel, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 1, c, 1, 1),
          "cudnnSetTensor4dDescriptor");
  }
};

bool done(cudnnStatus_t status) {
  if (unsupported(status)) return false;
  check(status, "batch norm of cuDNN");
  return true;
}

}  // namespace

bool batch_norm(int64_t rows, int64_t channels, double eps, double momentum, In x, OptWideIn weight, OptWideIn bias,
                OptWideInOut running_mean, OptWideInOut running_var, Out y, WideOut mean, WideOut inv_std) {
  const auto split = images(rows, channels, x.dtype);
  const bool complete = weight && bias && bool{running_mean} == bool{running_var};
  if (!split || !complete ||
      !aligned(x.data, weight.data, bias.data, running_mean.data, running_var.data, y.data, mean.data, inv_std.data))
    return false;
  const auto lease = session();
  if (!lease) return false;
  const Shapes shapes(*split, channels, x.dtype);
  const float one = 1, zero = 0;
  return done(cudnn().cudnnBatchNormalizationForwardTraining(
      lease->handle, CUDNN_BATCHNORM_SPATIAL, &one, &zero, shapes.image, x.data, shapes.image, y.data, shapes.channel,
      weight.data, bias.data, momentum, running_mean.data, running_var.data, eps, mean.data, inv_std.data));
}

bool batch_norm_backward(int64_t rows, int64_t channels, In x, In dy, OptWideIn weight, WideIn mean, WideIn inv_std,
                         OptOut dx, OptWideOut dweight, OptWideOut dbias) {
  const auto split = images(rows, channels, x.dtype);
  if (!split || !weight || !dx ||
      !aligned(x.data, dy.data, weight.data, mean.data, inv_std.data, dx.data, dweight.data, dbias.data))
    return false;
  const auto lease = session();
  if (!lease) return false;
  const Shapes shapes(*split, channels, x.dtype);
  const float one = 1, zero = 0;
  // cuDNN makes them whether they are wanted or not.
  const int64_t bytes = channels * static_cast<int64_t>(sizeof(float));
  const Scratch unwanted_weight(dweight ? 0 : bytes), unwanted_bias(dbias ? 0 : bytes);
  void* scale = dweight ? dweight.data : unwanted_weight.as<void>();
  void* shift = dbias ? dbias.data : unwanted_bias.as<void>();
  const double unused_eps = 1e-5;  // the saved statistics stand for it
  return done(cudnn().cudnnBatchNormalizationBackward(
      lease->handle, CUDNN_BATCHNORM_SPATIAL, &one, &zero, &one, &zero, shapes.image, x.data, shapes.image, dy.data,
      shapes.image, dx.data, shapes.channel, weight.data, scale, shift, unused_eps, mean.data, inv_std.data));
}

}  // namespace convcore::cuda::dnn
