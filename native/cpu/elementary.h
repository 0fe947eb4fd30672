// exp, log, log1p, tanh and erf as branch-free arithmetic, so that loops over them vectorise and give the same bits on
// every instruction set. Errors stay below 1 unit in the last place, of log1p, tanh and erf below 3.
#pragma once
#include <cstdint>
#include <limits>

namespace convcore::cpu {
namespace {

template <class T>
struct Format;

template <>
struct Format<float> {
  using Bits = uint32_t;
  static constexpr int mantissa = 23, bias = 127, exp_terms = 7, log_terms = 4;
  // exp is infinite from exp_high on and 0 below exp_low; tanh is 1 from tanh_high on.
  static constexpr float exp_high = 89, exp_low = -104, tanh_high = 10;
  // ln2_high has so few bits that its product with an exponent is exact.
  static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f, log2_e = 0x1.715476p+0f;
  static constexpr float tiny_scale = 0x1p25f, tiny_bits = 25;
};

template <>
struct Format<double> {
  using Bits = uint64_t;
  static constexpr int mantissa = 52, bias = 1023, exp_terms = 13, log_terms = 10;
  static constexpr double exp_high = 710, exp_low = -746, tanh_high = 20;
  static constexpr double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33, log2_e = 0x1.71547652b82fep+0;
  static constexpr double tiny_scale = 0x1p54, tiny_bits = 54;
};

template <class T>
[[gnu::always_inline]] inline typename Format<T>::Bits to_bits(T x) {
  typename Format<T>::Bits bits;
  __builtin_memcpy(&bits, &x, sizeof x);
  return bits;
}

template <class T>
[[gnu::always_inline]] inline T from_bits(typename Format<T>::Bits bits) {
  T x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

/// x = n·ln 2 + r with |r| ≤ ln 2 / 2; returns e^r − 1. `exponent` is n in two's complement.
template <class T>
[[gnu::always_inline]] inline T reduced_expm1(T x, typename Format<T>::Bits& exponent) {
  using F = Format<T>;
  // Adding 1.5 · 2^mantissa rounds to an integer and leaves it in the low bits.
  constexpr T rounder = T(3) * T(typename F::Bits{1} << (F::mantissa - 1));
  T shifted = x * F::log2_e + rounder, n = shifted - rounder;
  exponent = to_bits(shifted) - to_bits(rounder);
  T r = (x - n * F::ln2_high) - n * F::ln2_low;
  constexpr double inverse_factorial[] = {1. / 2,       1. / 6,        1. / 24,        1. / 120,
                                          1. / 720,     1. / 5040,     1. / 40320,     1. / 362880,
                                          1. / 3628800, 1. / 39916800, 1. / 479001600, 1. / 6227020800};
  T sum = T(inverse_factorial[F::exp_terms - 2]);
#pragma GCC unroll 16
  for (int i = F::exp_terms - 3; i >= 0; --i) sum = sum * r + T(inverse_factorial[i]);
  return r + r * r * sum;
}

template <class T>
[[gnu::always_inline]] inline T exp(T x) {
  using F = Format<T>;
  x = F::exp_high < x ? F::exp_high : x;
  x = F::exp_low > x ? F::exp_low : x;
  typename F::Bits exponent;
  T power = 1 + reduced_expm1(x, exponent);
  // 2^n in two factors, because n may lie outside the exponents of normal numbers.
  auto biased = exponent + 2 * F::bias, half = biased >> 1;
  return power * from_bits<T>(half << F::mantissa) * from_bits<T>((biased - half) << F::mantissa);
}

template <class T>
[[gnu::always_inline]] inline T tanh(T x) {
  using F = Format<T>;
  T a = x < 0 ? -x : x;
  a = F::tanh_high < a ? F::tanh_high : a;
  typename F::Bits exponent;
  T m = reduced_expm1(2 * a, exponent);
  T scale = from_bits<T>((exponent + F::bias) << F::mantissa);
  T expm1 = m * scale + (scale - 1);
  T y = expm1 / (expm1 + 2);
  constexpr auto sign = typename F::Bits{1} << (8 * sizeof(T) - 1);
  return from_bits<T>(to_bits(y) | (to_bits(x) & sign));
}

/// e^x − 1 for x ≤ 0; of no use above.
template <class T>
[[gnu::always_inline]] inline T expm1_below(T x) {
  using F = Format<T>;
  const T least = F::exp_low / 2;  // where the result is −1, and 2^n is a normal number
  x = x < least ? least : x;
  x = x > 0 ? T(0) : x;
  typename F::Bits exponent;
  const T m = reduced_expm1(x, exponent);
  const T scale = from_bits<T>((exponent + F::bias) << F::mantissa);
  return m * scale + (scale - 1);
}

/// Cody: "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969).
template <class T>
[[gnu::always_inline]] inline T erf(T x) {
  constexpr double near[][2] = {{1.85777706184603153e-1, 1},
                                {3.16112374387056560e0, 2.36012909523441209e1},
                                {1.13864154151050156e2, 2.44024637934444173e2},
                                {3.77485237685302021e2, 1.28261652607737228e3},
                                {3.20937758913846947e3, 2.84423683343917062e3}};
  constexpr double far[][2] = {{2.15311535474403846e-8, 1},
                               {5.64188496988670089e-1, 1.57449261107098347e1},
                               {8.88314979438837594e0, 1.17693950891312499e2},
                               {6.61191906371416295e1, 5.37181101862009858e2},
                               {2.98635138197400131e2, 1.62138957456669019e3},
                               {8.81952221241769090e2, 3.29079923573345963e3},
                               {1.71204761263407058e3, 4.36261909014324716e3},
                               {2.05107837782607147e3, 3.43936767414372164e3},
                               {1.23033935479799725e3, 1.23033935480374942e3}};
  constexpr T limit = 6;  // erf is 1 from here on
  T a = x < 0 ? -x : x;
  a = a > limit ? limit : a;
  T square = a * a, p = 0, q = 0;
#pragma GCC unroll 8
  for (auto& term : near) p = p * square + T(term[0]), q = q * square + T(term[1]);
  const T small = a * p / q;
  p = q = 0;
#pragma GCC unroll 16
  for (auto& term : far) p = p * a + T(term[0]), q = q * a + T(term[1]);
  const T large = 1 - cpu::exp(-square) * (p / q), y = a <= T(0.46875) ? small : large;
  constexpr auto sign = typename Format<T>::Bits{1} << (8 * sizeof(T) - 1);
  return from_bits<T>(to_bits(y) | (to_bits(x) & sign));
}

/// log(x), where `plus` tells that x = 1 + rest, rounded.
template <class T>
[[gnu::always_inline]] inline T log_of(T x, T rest, bool plus) {
  using F = Format<T>;
  using Bits = typename F::Bits;
  constexpr T infinity = std::numeric_limits<T>::infinity(), sqrt_half = T(0x1.6a09e667f3bcdp-1);
  bool tiny = x < std::numeric_limits<T>::min();
  T normal = tiny ? x * F::tiny_scale : x;
  // normal = m · 2^(biased − bias) with m in [√½, √2).
  Bits bits = to_bits(normal);
  Bits biased = (bits + (to_bits(T(1)) - to_bits(sqrt_half))) >> F::mantissa;
  T m = from_bits<T>(bits - ((biased - F::bias) << F::mantissa));
  constexpr T unit = T(Bits{1} << F::mantissa);
  T exponent = from_bits<T>(biased | to_bits(unit)) - (unit + F::bias) - (tiny ? T(F::tiny_bits) : T(0));
  T f = plus && biased == Bits{F::bias} ? rest : m - 1;
  // log(1 + f) = f − f²/2 + s·(f²/2 + 2s²/3 + 2s⁴/5 + …), s = f / (2 + f)
  T s = f / (2 + f), z = s * s, series = 0, half_square = T(0.5) * f * f;
#pragma GCC unroll 16
  for (int i = F::log_terms; i >= 1; --i) series = (series + T(2.0 / (2 * i + 1))) * z;
  T correction = half_square - (s * (half_square + series) + exponent * F::ln2_low);
  T y = exponent * F::ln2_high - (correction - f);
  y = x == 0 ? -infinity : y;
  y = x < 0 ? std::numeric_limits<T>::quiet_NaN() : y;
  return x < infinity ? y : x;
}

template <class T>
[[gnu::always_inline]] inline T log(T x) {
  return log_of(x, T(0), false);
}

template <class T>
[[gnu::always_inline]] inline T log1p(T x) {
  return log_of(1 + x, x, true);
}

}  // namespace
}  // namespace convcore::cpu
