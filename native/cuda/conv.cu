#include "algorithm.h"
#include "conv.h"
#include "dnn.h"

namespace convcore::cuda {

void conv(const Conv& p, In x, In weight, OptIn bias, Out y) {
  by_algorithm(ConvPass::Forward, p, y.dtype, [&](ConvWay way) {
    switch (way) {
      case ConvWay::Cudnn: return dnn::takes(p, y.dtype) && dnn::conv2d(p, x, weight, bias, y);
      case ConvWay::Columns: return columns::takes(p, y.dtype) && (columns::forward(p, x, weight, bias, y), true);
      case ConvWay::Implicit: return implicit::forward(p, x, weight, bias, y), true;
      case ConvWay::Depthwise: return is_depthwise(p) && (depthwise::forward(p, x, weight, bias, y), true);
    }
    return false;
  });
}

void conv_prepare(const Conv& p, In weight, Out prepared) {
  cast(p.weight(), {weight}, {{prepared.data, p.weight(), prepared.dtype}});
}

void conv_prepared(const Conv& p, int64_t relu, In x, In prepared, OptIn bias, OptIn residual, Out y) {
  conv(p, x, {{prepared.data, p.weight(), prepared.dtype}}, bias, y);
  if (residual) accumulate(y.count, {residual}, {y});
  if (relu) cuda::relu(y.count, {y}, y);
}

void conv_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx) {
  by_algorithm(ConvPass::BackwardInput, p, dx.dtype, [&](ConvWay way) {
    switch (way) {
      case ConvWay::Cudnn: return dnn::takes(p, dx.dtype) && dnn::conv2d_backward_input(p, dy, weight, bias, dx);
      case ConvWay::Columns:
        return columns::takes(p, dx.dtype) && (columns::backward_input(p, dy, weight, bias, dx), true);
      case ConvWay::Implicit: return implicit::backward_input(p, dy, weight, bias, dx), true;
      case ConvWay::Depthwise: return is_depthwise(p) && (depthwise::backward_input(p, dy, weight, bias, dx), true);
    }
    return false;
  });
}

void conv_backward_weight(const Conv& p, In x, In dy, Out dweight) {
  by_algorithm(ConvPass::BackwardWeight, p, dweight.dtype, [&](ConvWay way) {
    switch (way) {
      case ConvWay::Cudnn: return dnn::takes(p, dweight.dtype) && dnn::conv2d_backward_weight(p, x, dy, dweight);
      case ConvWay::Columns:
        return columns::takes(p, dweight.dtype) && (columns::backward_weight(p, x, dy, dweight), true);
      case ConvWay::Implicit: return implicit::backward_weight(p, x, dy, dweight), true;
      case ConvWay::Depthwise: return is_depthwise(p) && (depthwise::backward_weight(p, x, dy, dweight), true);
    }
    return false;
  });
}

}  // namespace convcore::cuda
