// Convolutions of images with windows of several taps, without packing the images: the pixels that a row of taps sees
// lie side by side in memory, so that the innermost product reads them where they are.
#pragma once
#include "images.h"
#include "kernels.h"
#include "settings.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kMostDirectChannels = 32;  // with more, packing costs less than short tiles do

// A panel of filters this deep still comes fast from the second-level cache, and its sums stay exact enough.
constexpr int64_t kDeepestDirect = 1024;

inline bool is_direct_pass(const Conv& p, int64_t depth) {
  if (!is_dense_2d(p) || p.dilation_w != 1) return false;
  const ConvAlgorithm algorithm = conv_algorithm();
  return algorithm == ConvAlgorithm::Direct ||
         (algorithm == ConvAlgorithm::Auto && p.r * p.s > 1 && depth <= kDeepestDirect);
}
inline bool is_direct(const Conv& p) { return is_direct_pass(p, p.r * p.s * p.c); }
/// Each phase has its share of the taps.
inline bool is_direct_backward_input(const Conv& p) {
  const int64_t r = (p.r + p.stride_h - 1) / p.stride_h, s = (p.s + p.stride_w - 1) / p.stride_w;
  return is_direct_pass(p, r * s * p.k);
}
inline bool is_direct_backward_weight(const Conv& p) {
  return is_direct_pass(p, p.r * p.s * p.c) &&
         (p.c <= kMostDirectChannels || conv_algorithm() == ConvAlgorithm::Direct);
}

}  // namespace

[[gnu::visibility("hidden")]] void direct(const Conv& p, In x, In weight, OptIn bias, Out y);
/// With the filters in panels (pack_panels).
[[gnu::visibility("hidden")]] void direct_prepared(const Conv& p, bool relu, In x, const void* panels, OptIn bias,
                                                   OptIn residual, Out y);
[[gnu::visibility("hidden")]] void direct_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx);
[[gnu::visibility("hidden")]] void direct_backward_weight(const Conv& p, In x, In dy, Out dweight);

}  // namespace convcore::cpu::ISA
