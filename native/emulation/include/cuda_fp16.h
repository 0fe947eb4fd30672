// float16 as a storage type, with its conversions.
#pragma once

#include "emulation/float16.h"

struct alignas(2) __half {
  uint16_t bits;
  __half() = default;
  __half(float value) : bits(emulation::float_to_float16(value)) {}
  operator float() const { return emulation::float16_to_float(bits); }
};
using half = __half;

inline __half __float2half(float value) { return value; }
inline __half __float2half_rn(float value) { return value; }
inline float __half2float(__half value) { return value; }
