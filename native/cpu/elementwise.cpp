#include "broadcast.h"
#include "kernels.h"

namespace convcore::cpu::ISA {
namespace {

template <class F>
[[gnu::always_inline]] inline void arithmetic(const Broadcast& p, const In& a, const In& b, const Out& y, F f) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    broadcast(p, a.as<T>(), b.as<T>(), y.as<T>(), f);
  });
}

/// The C library's power, float32's in double precision: nothing that vectorises is as exact.
[[gnu::always_inline]] inline float power(float a, float b) {
  return static_cast<float>(__builtin_pow(double{a}, double{b}));
}
[[gnu::always_inline]] inline double power(double a, double b) { return __builtin_pow(a, b); }

}  // namespace

void add(const Broadcast& p, In a, In b, Out y) {
  arithmetic(p, a, b, y, [](auto u, auto v) { return u + v; });
}

void sub(const Broadcast& p, In a, In b, Out y) {
  arithmetic(p, a, b, y, [](auto u, auto v) { return u - v; });
}

void mul(const Broadcast& p, In a, In b, Out y) {
  arithmetic(p, a, b, y, [](auto u, auto v) { return u * v; });
}

void div(const Broadcast& p, In a, In b, Out y) {
  arithmetic(p, a, b, y, [](auto u, auto v) { return u / v; });
}

void pow(const Broadcast& p, In a, In b, Out y) {
  arithmetic(p, a, b, y, [](auto u, auto v) { return power(u, v); });
}

// NaN passes from either side.
void maximum(const Broadcast& p, In a, In b, Out y) {
  arithmetic(p, a, b, y, [](auto u, auto v) { return u > v || u != u ? u : v; });
}

void minimum(const Broadcast& p, In a, In b, Out y) {
  arithmetic(p, a, b, y, [](auto u, auto v) { return u < v || u != u ? u : v; });
}

}  // namespace convcore::cpu::ISA
