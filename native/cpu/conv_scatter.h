// The gradient of images with few channels: where a direct convolution would leave most lanes of a vector empty, a
// product makes the gradient of each window's pixels, and these are added up.
#pragma once
#include "images.h"
#include "kernels.h"
#include "settings.h"
#include "vector.h"

namespace convcore::cpu::ISA {
namespace {

inline bool is_scattered(const Conv& p, DType dtype) {
  const int64_t lanes = kVectorBytes / (dtype == DType::Float32 ? 4 : 8);
  const ConvAlgorithm algorithm = conv_algorithm();
  // A direct convolution fills c of the lanes at each pixel, the product all of them at each window but writes its
  // sums.
  const bool worth = 3 * p.c * p.p * p.q <= lanes * p.h * p.w;
  return is_dense_2d(p) && p.dilation_w == 1 && p.r * p.s > 1 && p.c < lanes && worth &&
         (algorithm == ConvAlgorithm::Auto || algorithm == ConvAlgorithm::Direct);
}

}  // namespace

[[gnu::visibility("hidden")]] void scatter_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx);

}  // namespace convcore::cpu::ISA
