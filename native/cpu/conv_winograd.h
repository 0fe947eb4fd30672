// 3×3 convolutions with a quarter of the multiplications: see conv_winograd_tile.h. In float32.
#pragma once
#include "images.h"
#include "kernels.h"
#include "settings.h"

namespace convcore::cpu::ISA {
namespace {

// Channels times filters; below, the transformations cost more than they save.
constexpr int64_t kLeastProduct = 144;

/// Whether Winograd's algorithm applies.
inline bool fits_winograd(const Conv& p, DType dtype) {
  return dtype == DType::Float32 && is_dense_2d(p) && p.r == 3 && p.s == 3 && p.stride_h == 1 && p.stride_w == 1 &&
         p.dilation_h == 1 && p.dilation_w == 1;
}

/// Whether it is faster, too, or asked for.
inline bool is_winograd(const Conv& p, DType dtype) {
  if (!fits_winograd(p, dtype)) return false;
  const ConvAlgorithm algorithm = conv_algorithm();
  return algorithm == ConvAlgorithm::Auto ? p.c * p.k >= kLeastProduct : algorithm == ConvAlgorithm::Winograd;
}

}  // namespace

[[gnu::visibility("hidden")]] void winograd(const Conv& p, In x, In weight, OptIn bias, Out y);
/// The filters transformed, at most Conv::prepared() − 16 elements, and a convolution with them.
[[gnu::visibility("hidden")]] void winograd_prepare(const Conv& p, In weight, float* filters);
[[gnu::visibility("hidden")]] void winograd_prepared(const Conv& p, bool relu, In x, const float* filters, OptIn bias,
                                                     OptIn residual, Out y);
[[gnu::visibility("hidden")]] void winograd_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx);
[[gnu::visibility("hidden")]] void winograd_backward_weight(const Conv& p, In x, In dy, Out dweight);

}  // namespace convcore::cpu::ISA
