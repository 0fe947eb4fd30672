// Convolutions with one filter per channel.
#pragma once
#include "kernels.h"

namespace convcore::cpu::ISA {
namespace {

inline bool is_depthwise(const Conv2d& p) { return p.groups > 1 && p.groups == p.c && p.groups == p.k; }

}  // namespace

[[gnu::visibility("hidden")]] void depthwise(const Conv2d& p, In x, In weight, OptIn bias, Out y);
[[gnu::visibility("hidden")]] void depthwise_backward_input(const Conv2d& p, In dy, In weight, Out dx);
[[gnu::visibility("hidden")]] void depthwise_backward_weight(const Conv2d& p, In x, In dy, Out dweight);

}  // namespace convcore::cpu::ISA
