#include "elementary.h"
#include "kernels.h"
#include "map.h"

namespace convcore::cpu::ISA {
namespace {

template <class T>
[[gnu::always_inline]] inline T logistic(T v) {
  return 1 / (1 + cpu::exp(-v));
}

// gelu is v·Φ(v), with the normal distribution's Φ and density φ.
template <class T>
[[gnu::always_inline]] inline T normal_cdf(T v) {
  return T(0.5) * (1 + cpu::erf(v * T(0.70710678118654752)));
}
template <class T>
[[gnu::always_inline]] inline T normal_density(T v) {
  return T(0.39894228040143268) * cpu::exp(T(-0.5) * v * v);
}

// Hendrycks and Gimpel's approximation: Φ(v) ≈ ½(1 + tanh(√(2/π)·(v + 0.044715·v³))).
template <class T>
[[gnu::always_inline]] inline T gelu_angle(T v) {
  return T(0.79788456080286536) * (v + T(0.044715) * v * v * v);
}

}  // namespace

// In relu and its gradient the comparison is such that NaN passes.
void relu(int64_t n, In x, Out y) {
  map(n, kGrain, x, y, [](auto v) { return v <= 0 ? decltype(v){0} : v; });
}

void relu_backward(int64_t n, In y, In dy, Out dx) {
  map(n, kGrain, y, dy, dx, [](auto v, auto g) { return v <= 0 ? decltype(v){0} : g; });
}

void sigmoid(int64_t n, In x, Out y) {
  map(n, kExpGrain, x, y, [](auto v) { return 1 / (1 + cpu::exp(-v)); });
}

void sigmoid_backward(int64_t n, In y, In dy, Out dx) {
  map(n, kGrain, y, dy, dx, [](auto v, auto g) { return g * (1 - v) * v; });
}

void tanh(int64_t n, In x, Out y) {
  map(n, kExpGrain, x, y, [](auto v) { return cpu::tanh(v); });
}

void tanh_backward(int64_t n, In y, In dy, Out dx) {
  map(n, kGrain, y, dy, dx, [](auto v, auto g) { return g * (1 - v * v); });
}

void leaky_relu(int64_t n, double slope, In x, Out y) {
  map(n, kGrain, x, y, [=](auto v) { return v > 0 ? v : v * static_cast<decltype(v)>(slope); });
}

void leaky_relu_backward(int64_t n, double slope, In x, In dy, Out dx) {
  map(n, kGrain, x, dy, dx, [=](auto v, auto g) { return v > 0 ? g : g * static_cast<decltype(v)>(slope); });
}

void elu(int64_t n, double alpha, double scale, In x, Out y) {
  map(n, kExpGrain, x, y, [=](auto v) {
    using T = decltype(v);
    const T low = static_cast<T>(alpha) * cpu::expm1_below(v);
    return static_cast<T>(scale) * (v <= 0 ? low : v);
  });
}

void elu_backward(int64_t n, double alpha, double scale, In x, In dy, Out dx) {
  map(n, kExpGrain, x, dy, dx, [=](auto v, auto g) {
    using T = decltype(v);
    const T low = static_cast<T>(alpha) * cpu::exp(v);
    return static_cast<T>(scale) * g * (v <= 0 ? low : T(1));
  });
}

void gelu(int64_t n, In x, Out y) {
  map(n, kExpGrain, x, y, [](auto v) { return v * normal_cdf(v); });
}

void gelu_backward(int64_t n, In x, In dy, Out dx) {
  map(n, kExpGrain / 2, x, dy, dx, [](auto v, auto g) { return g * (normal_cdf(v) + v * normal_density(v)); });
}

void gelu_tanh(int64_t n, In x, Out y) {
  map(n, kExpGrain, x, y, [](auto v) {
    using T = decltype(v);
    return T(0.5) * v * (1 + cpu::tanh(gelu_angle(v)));
  });
}

void gelu_tanh_backward(int64_t n, In x, In dy, Out dx) {
  map(n, kExpGrain, x, dy, dx, [](auto v, auto g) {
    using T = decltype(v);
    const T t = cpu::tanh(gelu_angle(v)), slope = T(0.79788456080286536) * (1 + T(3 * 0.044715) * v * v);
    return g * T(0.5) * ((1 + t) + v * (1 - t * t) * slope);
  });
}

void silu(int64_t n, In x, Out y) {
  map(n, kExpGrain, x, y, [](auto v) { return v / (1 + cpu::exp(-v)); });
}

void silu_backward(int64_t n, In x, In dy, Out dx) {
  map(n, kExpGrain, x, dy, dx, [](auto v, auto g) {
    const auto s = logistic(v);
    return g * s * (1 + v * (1 - s));
  });
}

// log(1 + exp(beta·v)) / beta, and v itself where beta·v is above the threshold.
void softplus(int64_t n, double beta, double threshold, In x, Out y) {
  map(n, kExpGrain / 2, x, y, [=](auto v) {
    using T = decltype(v);
    const T scaled = v * static_cast<T>(beta);
    const T soft = cpu::log1p(cpu::exp(scaled)) / static_cast<T>(beta);
    return scaled > static_cast<T>(threshold) ? v : soft;
  });
}

void softplus_backward(int64_t n, double beta, double threshold, In x, In dy, Out dx) {
  map(n, kExpGrain, x, dy, dx, [=](auto v, auto g) {
    using T = decltype(v);
    const T scaled = v * static_cast<T>(beta), soft = g * logistic(scaled);
    return scaled > static_cast<T>(threshold) ? g : soft;
  });
}

// v · min(max(v + 3, 0), 6) / 6
void hardswish(int64_t n, In x, Out y) {
  map(n, kGrain, x, y, [](auto v) {
    using T = decltype(v);
    const T shifted = v + 3, low = shifted < 0 ? T(0) : shifted;
    return v * (low > 6 ? T(6) : low) * T(1. / 6);
  });
}

void hardswish_backward(int64_t n, In x, In dy, Out dx) {
  map(n, kGrain, x, dy, dx, [](auto v, auto g) {
    using T = decltype(v);
    const T middle = g * (v * T(1. / 3) + T(0.5));
    return v <= -3 ? T(0) : v >= 3 ? g : middle;
  });
}

}  // namespace convcore::cpu::ISA
