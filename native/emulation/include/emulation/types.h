// CUDA's vector types, with CUDA's alignments.
#pragma once

#include <cstddef>
#include <cstdint>

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

#define EMULATION_VECTOR2(T, name, alignment) \
  struct alignas(alignment) name {            \
    T x, y;                                   \
  };                                          \
  inline name make_##name(T x, T y) { return {x, y}; }
#define EMULATION_VECTOR3(T, name) \
  struct name {                    \
    T x, y, z;                     \
  };                               \
  inline name make_##name(T x, T y, T z) { return {x, y, z}; }
#define EMULATION_VECTOR4(T, name, alignment) \
  struct alignas(alignment) name {            \
    T x, y, z, w;                             \
  };                                          \
  inline name make_##name(T x, T y, T z, T w) { return {x, y, z, w}; }

EMULATION_VECTOR2(unsigned char, uchar2, 2)
EMULATION_VECTOR2(short, short2, 4)
EMULATION_VECTOR2(unsigned short, ushort2, 4)
EMULATION_VECTOR2(int, int2, 8)
EMULATION_VECTOR2(unsigned, uint2, 8)
EMULATION_VECTOR2(long long, longlong2, 16)
EMULATION_VECTOR2(unsigned long long, ulonglong2, 16)
EMULATION_VECTOR2(float, float2, 8)
EMULATION_VECTOR2(double, double2, 16)
EMULATION_VECTOR3(int, int3)
EMULATION_VECTOR3(unsigned, uint3)
EMULATION_VECTOR3(float, float3)
EMULATION_VECTOR3(double, double3)
EMULATION_VECTOR4(unsigned char, uchar4, 4)
EMULATION_VECTOR4(short, short4, 8)
EMULATION_VECTOR4(unsigned short, ushort4, 8)
EMULATION_VECTOR4(int, int4, 16)
EMULATION_VECTOR4(unsigned, uint4, 16)
EMULATION_VECTOR4(float, float4, 16)
EMULATION_VECTOR4(double, double4, 16)

#undef EMULATION_VECTOR2
#undef EMULATION_VECTOR3
#undef EMULATION_VECTOR4
