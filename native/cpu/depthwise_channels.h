// How the channels of a depthwise convolution fall into vectors. There are two or more.
#pragma once
#include <type_traits>

#include "kernels.h"
#include "tiling.h"
#include "vector.h"

namespace convcore::cpu::ISA {
namespace {

/// Pixels that are taken as one with more channels, so that few channels fill a vector. They must be neighbours.
template <class T>
int64_t pixels_at_once(int64_t channels, int64_t step) {
  return step == 1 && channels < kLanesOf<T> ? divide_up(kLanesOf<T>, channels) : 1;
}

/// Where a vector of channels begins: the last one goes back to where it fits.
constexpr int64_t start_of(int64_t block, int64_t lanes, int64_t channels) {
  const int64_t start = block * lanes, last = channels - lanes;
  return start < last ? start : last;
}

/// f(the largest number of lanes that channels fill), a constant.
template <class T, int64_t Lanes = kLanesOf<T>, class F>
auto with_lanes(int64_t channels, F f) {
  if constexpr (Lanes > 2)
    if (channels < Lanes) return with_lanes<T, Lanes / 2>(channels, f);
  return f(std::integral_constant<int64_t, Lanes>{});
}

}  // namespace
}  // namespace convcore::cpu::ISA
