// Normal numbers from uniform ones. Multiplications, additions, one division and one square root, each rounded once and
// none fused, and no math library: every backend gives the same bits.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "host_device.h"

namespace convcore {
namespace {

template <class T>
struct Precision;
template <>
struct Precision<float> {
  using Bits = int32_t;
  static constexpr int mantissa = 23, bias = 127, log_terms = 5, sine_terms = 5;
};
template <>
struct Precision<double> {
  using Bits = int64_t;
  static constexpr int mantissa = 52, bias = 1023, log_terms = 11, sine_terms = 8;
};

/// Natural logarithm of a positive, normal x: x = 2^e·m with m in [√½, √2), log m = 2·artanh(s), s = (m−1)/(m+1).
template <class T>
[[gnu::always_inline]] HOST_DEVICE inline T natural_log(T x) {
  using P = Precision<T>;
  using Bits = typename P::Bits;
  constexpr Bits one = Bits{P::bias} << P::mantissa, mask = (Bits{1} << P::mantissa) - 1;
  constexpr T sqrt2 = static_cast<T>(1.41421356237309504880);
  constexpr T ln2 = static_cast<T>(0.69314718055994530942);
  Bits bits;
  memcpy(&bits, &x, sizeof x);
  const int exponent = static_cast<int>(bits >> P::mantissa) - P::bias;
  bits = (bits & mask) | one;
  T m;
  memcpy(&m, &bits, sizeof m);  // in [1, 2)
  const bool high = m >= sqrt2;
  m = high ? m * T(0.5) : m;
  const T e = static_cast<T>(exponent) + (high ? T(1) : T(0));
  const T s = (m - T(1)) / (m + T(1)), s2 = s * s;
  T sum = T(0);
#pragma GCC unroll 16
  for (int k = P::log_terms; k >= 1; --k) sum = (sum + T(2) / T(2 * k + 1)) * s2;
  return e * ln2 + (s * T(2) + s * sum);
}

template <class T>
struct SinCos {
  T sin, cos;
};

/// Sine and cosine of 2πu, u in [0, 1): Taylor series within an eighth turn of the nearest quarter turn.
template <class T>
[[gnu::always_inline]] HOST_DEVICE inline SinCos<T> sincos_turns(T u) {
  const T quarters = u * T(4);
  const int quadrant = static_cast<int>(quarters + T(0.5));
  const T x = (quarters - static_cast<T>(quadrant)) * static_cast<T>(1.57079632679489661923), x2 = x * x;
  T sin = T(1), cos = T(1);
#pragma GCC unroll 16
  for (int k = Precision<T>::sine_terms; k >= 1; --k) {
    sin = T(1) - sin * (x2 * T(1.0 / (2 * k * (2 * k + 1))));
    cos = T(1) - cos * (x2 * T(1.0 / (2 * k * (2 * k - 1))));
  }
  sin = sin * x;
  const T along = quadrant & 1 ? cos : sin, across = quadrant & 1 ? sin : cos;
  return {quadrant & 2 ? -along : along, (quadrant + 1) & 2 ? -across : across};
}

template <class T>
struct Pair {
  T first, second;
};

/// Two independent standard normals from two uniforms in [0, 1) (Box–Muller).
template <class T>
[[gnu::always_inline]] HOST_DEVICE inline Pair<T> normal_pair(T u1, T u2) {
  const T radius = std::sqrt(T(-2) * natural_log(T(1) - u1));
  const SinCos<T> direction = sincos_turns(u2);
  return {radius * direction.cos, radius * direction.sin};
}

}  // namespace
}  // namespace convcore
