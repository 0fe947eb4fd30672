#include "broadcast.h"
#include "kernels.h"

namespace convcore::cpu::ISA {
namespace {

template <class F>
[[gnu::always_inline]] inline void compare(const Broadcast& p, const AnyIn& a, const AnyIn& b, const ByteOut& y, F f) {
  dispatch_any(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    broadcast(p, a.as<T>(), b.as<T>(), y.as<uint8_t>(), [f](T u, T v) { return static_cast<uint8_t>(f(u, v)); });
  });
}

}  // namespace

void eq(const Broadcast& p, AnyIn a, AnyIn b, ByteOut y) {
  compare(p, a, b, y, [](auto u, auto v) { return u == v; });
}

void ne(const Broadcast& p, AnyIn a, AnyIn b, ByteOut y) {
  compare(p, a, b, y, [](auto u, auto v) { return u != v; });
}

void lt(const Broadcast& p, AnyIn a, AnyIn b, ByteOut y) {
  compare(p, a, b, y, [](auto u, auto v) { return u < v; });
}

void le(const Broadcast& p, AnyIn a, AnyIn b, ByteOut y) {
  compare(p, a, b, y, [](auto u, auto v) { return u <= v; });
}

void where(int64_t n, ByteIn condition, AnyIn a, AnyIn b, AnyOut y) {
  dispatch_any(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    const uint8_t* choice = condition.as<uint8_t>();
    const T *u = a.as<T>(), *v = b.as<T>();
    T* to = y.as<T>();
    parallel_range(n, kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = choice[i] ? u[i] : v[i];
    });
  });
}

}  // namespace convcore::cpu::ISA
