// 3×3 convolutions with a quarter of the multiplications: see conv_winograd_tile.h. In float32.
#pragma once
#include "images.h"
#include "kernels.h"
#include "settings.h"

namespace convcore::cpu::ISA {
namespace {

// Channels times filters; below, the transformations cost more than they save.
constexpr int64_t kLeastProduct = 256;

/// Whether Winograd's algorithm applies, and is faster or asked for.
inline bool is_winograd(const Conv& p, DType dtype) {
  if (dtype != DType::Float32 || !is_dense_2d(p) || p.r != 3 || p.s != 3 || p.stride_h != 1 || p.stride_w != 1 ||
      p.dilation_h != 1 || p.dilation_w != 1)
    return false;
  const ConvAlgorithm algorithm = conv_algorithm();
  return algorithm == ConvAlgorithm::Auto ? p.c * p.k >= kLeastProduct : algorithm == ConvAlgorithm::Winograd;
}

}  // namespace

[[gnu::visibility("hidden")]] void winograd(const Conv& p, In x, In weight, OptIn bias, Out y);
[[gnu::visibility("hidden")]] void winograd_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx);
[[gnu::visibility("hidden")]] void winograd_backward_weight(const Conv& p, In x, In dy, Out dweight);

}  // namespace convcore::cpu::ISA
