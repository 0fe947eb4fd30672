// bfloat16 as a storage type, with its conversions.
#pragma once

#include "emulation/float16.h"

struct alignas(2) __nv_bfloat16 {
  uint16_t bits;
  __nv_bfloat16() = default;
  __nv_bfloat16(float value) : bits(emulation::float_to_bfloat16(value)) {}
  operator float() const { return emulation::bfloat16_to_float(bits); }
};

inline __nv_bfloat16 __float2bfloat16(float value) { return value; }
inline __nv_bfloat16 __float2bfloat16_rn(float value) { return value; }
inline float __bfloat162float(__nv_bfloat16 value) { return value; }
