// How the channels of a depthwise convolution fall into vectors. There are two or more.
#pragma once
#include "kernels.h"
#include "lanes.h"
#include "sizes.h"

namespace convcore::cpu::ISA {
namespace {

/// Pixels that are taken as one with more channels, so that few channels fill a vector. They must be neighbours.
template <class T>
int64_t pixels_at_once(int64_t channels, int64_t step) {
  return step == 1 && channels < kLanesOf<T> ? divide_up(kLanesOf<T>, channels) : 1;
}

/// Where a vector of channels begins: the last one goes back to where it fits.
constexpr int64_t start_of(int64_t block, int64_t lanes, int64_t channels) {
  return lesser(block * lanes, channels - lanes);
}

}  // namespace
}  // namespace convcore::cpu::ISA
