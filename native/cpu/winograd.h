// 3×3 convolutions with a quarter of the multiplications: see winograd_tile.h. In float32.
#pragma once
#include "kernels.h"

namespace convcore::cpu::ISA {
namespace {

/// Whether Winograd's algorithm applies.
inline bool is_winograd(const Conv& p) {
  return p.c > 0 && p.k > 0 && p.r == 3 && p.s == 3 && p.t == 1 && p.d == 1 && p.pad_d == 0 && p.stride_h == 1 && p.stride_w == 1 &&
         p.dilation_h == 1 && p.dilation_w == 1 && p.groups == 1;
}

}  // namespace

[[gnu::visibility("hidden")]] void winograd(const Conv& p, In x, In weight, OptIn bias, Out y);
[[gnu::visibility("hidden")]] void winograd_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx);
[[gnu::visibility("hidden")]] void winograd_backward_weight(const Conv& p, In x, In dy, Out dweight);

}  // namespace convcore::cpu::ISA
