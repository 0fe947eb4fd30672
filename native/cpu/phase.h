// The gradient of the images, axis by axis: the inputs at one remainder modulo the stride, a phase, are a convolution
// of dy at stride 1 with every so-manieth tap.
#pragma once
#include "axis.h"

namespace convcore::cpu {
namespace {

/// The taps of one axis through which the inputs of one phase, phase + i · stride, meet outputs. They are first,
/// first − step, … ; tap number a reaches output i + origin + a · shift.
struct Phase {
  int64_t phase, positions, first, step, taps, origin, shift;

  Phase(int64_t phase, const Axis& axis)
      : phase(phase), positions((axis.input - phase + axis.stride - 1) / axis.stride) {
    auto distance = [&](int64_t tap) { return phase + axis.pad - tap * axis.dilation; };
    step = axis.stride / gcd(axis.stride, axis.dilation);
    first = axis.taps - 1;
    while (first >= 0 && first > axis.taps - 1 - step && distance(first) % axis.stride != 0) --first;
    bool met = first >= 0 && distance(first) % axis.stride == 0;
    taps = met ? first / step + 1 : 0;
    origin = met ? distance(first) / axis.stride : 0;
    shift = step * axis.dilation / axis.stride;
  }
  int64_t tap(int64_t a) const { return first - a * step; }

 private:
  static int64_t gcd(int64_t a, int64_t b) { return b == 0 ? a : gcd(b, a % b); }
};

}  // namespace
}  // namespace convcore::cpu
