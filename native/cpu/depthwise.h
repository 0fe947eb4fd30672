// Convolutions with one filter per channel.
#pragma once
#include "kernels.h"

namespace convcore::cpu::ISA {
namespace {

inline bool is_depthwise(const Conv& p) { return p.groups > 1 && p.groups == p.c && p.groups == p.k; }

}  // namespace

[[gnu::visibility("hidden")]] void depthwise(const Conv& p, In x, In weight, OptIn bias, Out y);
[[gnu::visibility("hidden")]] void depthwise_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx);
[[gnu::visibility("hidden")]] void depthwise_backward_weight(const Conv& p, In x, In dy, Out dweight);

}  // namespace convcore::cpu::ISA
