// Elements of images: what they are computed in, and how results become them.
#pragma once
#include <cmath>
#include <cstdint>

#include "buffer.h"
#include "check.h"
#include "host_device.h"

namespace convcore {
namespace {

/// What images of a dtype are computed in, and their weights and matrices are of.
[[gnu::always_inline]] inline DType computed_in(DType dtype) {
  return dtype == DType::Float64 ? DType::Float64 : DType::Float32;
}

/// Fails unless an operand beside images of `dtype` is of what they are computed in.
[[gnu::always_inline]] inline void expect_computed(const Operand& operand, DType dtype, const char* name) {
  if (operand && operand.dtype != computed_in(dtype))
    fail("expected %s of dtype %s, got %s", name, name_of(computed_in(dtype)), name_of(operand.dtype));
}

[[gnu::always_inline]] HOST_DEVICE inline float down(float x) { return floorf(x); }
[[gnu::always_inline]] HOST_DEVICE inline double down(double x) { return floor(x); }
/// The nearest whole number, of two the even one.
[[gnu::always_inline]] HOST_DEVICE inline float nearest(float x) { return rintf(x); }
[[gnu::always_inline]] HOST_DEVICE inline double nearest(double x) { return rint(x); }

/// A byte of a colour: the nearest in [0, 255]; NaN is 0.
[[gnu::always_inline]] HOST_DEVICE inline uint8_t to_byte(float x) {
  const float above = x > 0 ? x : 0.0f;
  return static_cast<uint8_t>(static_cast<int>(nearest(above < 255 ? above : 255.0f)));
}

/// A computed value as an element of an image.
template <class T, class C>
[[gnu::always_inline]] HOST_DEVICE inline T to_element(C value) {
  if constexpr (sizeof(T) == 1)
    return to_byte(value);
  else
    return static_cast<T>(value);
}

}  // namespace
}  // namespace convcore
