// The ways of a convolution on CUDA. Images are channels-last, and so are filters: [K, T, R, S, C / groups].
#pragma once
#include "kernels.h"

namespace convcore::cuda {

enum class ConvPass : int64_t { Forward, BackwardInput, BackwardWeight };

inline bool is_depthwise(const Conv& p) { return p.groups > 1 && p.groups == p.c && p.groups == p.k; }

/// Whether there is no depth: T = 1 and every plane is convolved once, by itself.
inline bool is_flat(const Conv& p) { return p.t == 1 && p.stride_d == 1 && p.pad_d == 0 && p.o == p.d; }

/// 1×1, every pixel once: the image is its own column matrix.
inline bool is_pointwise(const Conv& p) {
  return is_flat(p) && p.r == 1 && p.s == 1 && p.stride_h == 1 && p.stride_w == 1 && p.pad_h == 0 && p.pad_w == 0 &&
         p.p == p.h && p.q == p.w;
}

/// Without a column buffer: the product reads the images (conv_implicit.cu).
namespace implicit {
void forward(const Conv& p, In x, In weight, OptIn bias, Out y);
void backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx);
void backward_weight(const Conv& p, In x, In dy, Out dweight);
}  // namespace implicit

/// im2col and a dense product, some images at a time, so that the columns have a bound (conv_columns.cu).
namespace columns {
/// Whether those of one image keep to the bound.
bool takes(const Conv& p, DType dtype);
void forward(const Conv& p, In x, In weight, OptIn bias, Out y);
void backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx);
void backward_weight(const Conv& p, In x, In dy, Out dweight);
}  // namespace columns

/// One filter per channel (depthwise.cu).
namespace depthwise {
void forward(const Conv& p, In x, In weight, OptIn bias, Out y);
void backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx);
void backward_weight(const Conv& p, In x, In dy, Out dweight);
}  // namespace depthwise

}  // namespace convcore::cuda
