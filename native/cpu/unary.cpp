#include "elementary.h"
#include "kernels.h"
#include "map.h"

namespace convcore::cpu::ISA {

void exp(int64_t n, In x, Out y) {
  map(n, kExpGrain, x, y, [](auto v) { return cpu::exp(v); });
}

void log(int64_t n, In x, Out y) {
  map(n, kExpGrain, x, y, [](auto v) { return cpu::log(v); });
}

void sqrt(int64_t n, In x, Out y) {
  map(n, kGrain, x, y, [](auto v) {
    if constexpr (sizeof v == sizeof(float)) return __builtin_sqrtf(v);
    return static_cast<decltype(v)>(__builtin_sqrt(v));
  });
}

void abs(int64_t n, In x, Out y) {
  map(n, kGrain, x, y, [](auto v) { return v < 0 ? -v : v + 0; });
}

void sign(int64_t n, In x, Out y) {
  map(n, kGrain, x, y, [](auto v) {
    using T = decltype(v);
    return v > 0 ? T(1) : v < 0 ? T(-1) : v;
  });
}

// NaN passes.
void clamp(int64_t n, double low, double high, In x, Out y) {
  map(n, kGrain, x, y, [=](auto v) {
    using T = decltype(v);
    const T least = static_cast<T>(low), greatest = static_cast<T>(high), raised = v < least ? least : v;
    return raised > greatest ? greatest : raised;
  });
}

void clamp_backward(int64_t n, double low, double high, int64_t strict, In x, In dy, Out dx) {
  if (strict)
    return map(n, kGrain, x, dy, dx, [=](auto v, auto g) {
      using T = decltype(v);
      return v > static_cast<T>(low) && v < static_cast<T>(high) ? g : T(0);
    });
  map(n, kGrain, x, dy, dx, [=](auto v, auto g) {
    using T = decltype(v);
    return v >= static_cast<T>(low) && v <= static_cast<T>(high) ? g : T(0);
  });
}

void scale(int64_t n, double factor, In x, Out y) {
  map(n, kGrain, x, y, [=](auto v) { return v * static_cast<decltype(v)>(factor); });
}

void accumulate(int64_t n, In x, InOut y) {
  map(n, kGrain, x, y, y, [](auto v, auto sum) { return sum + v; });
}

void increment(int64_t n, IndexInOut x) {
  for (int64_t i = 0; i < n; ++i) {
    int32_t& value = x.as<int32_t>()[i];
    value = static_cast<int32_t>(static_cast<uint32_t>(value) + 1);
  }
}

}  // namespace convcore::cpu::ISA
