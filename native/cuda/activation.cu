#include "kernels.h"
#include "map.h"

namespace convcore::cuda {
namespace {

// In relu and its gradient the comparison is such that NaN passes.
template <class C>
struct Relu {
  __device__ C operator()(C x) const { return x <= 0 ? C(0) : x; }
};
template <class C>
struct ReluBackward {
  __device__ C operator()(C y, C dy) const { return y <= 0 ? C(0) : dy; }
};

template <class C>
struct Sigmoid {
  __device__ C operator()(C x) const { return 1 / (1 + exponential(-x)); }
};
template <class C>
struct SigmoidBackward {
  __device__ C operator()(C y, C dy) const { return dy * (1 - y) * y; }
};
template <class C>
struct Tanh {
  __device__ C operator()(C x) const { return hyperbolic_tangent(x); }
};
template <class C>
struct TanhBackward {
  __device__ C operator()(C y, C dy) const { return dy * (1 - y * y); }
};

template <class C>
struct LeakyRelu {
  C slope;
  __device__ C operator()(C x) const { return x > 0 ? x : x * slope; }
};
template <class C>
struct LeakyReluBackward {
  C slope;
  __device__ C operator()(C x, C dy) const { return x > 0 ? dy : dy * slope; }
};

template <class C>
struct Elu {
  C alpha, scale;
  __device__ C operator()(C x) const { return scale * (x <= 0 ? alpha * exponential_minus_one(x) : x); }
};
template <class C>
struct EluBackward {
  C alpha, scale;
  __device__ C operator()(C x, C dy) const { return scale * dy * (x <= 0 ? alpha * exponential(x) : C(1)); }
};

// gelu is x·Φ(x), with the normal distribution's Φ and density φ.
template <class C>
__device__ __forceinline__ C normal_cdf(C x) {
  return C(0.5) * (1 + error_function(x * C(0.70710678118654752)));
}
template <class C>
struct Gelu {
  __device__ C operator()(C x) const { return x * normal_cdf(x); }
};
template <class C>
struct GeluBackward {
  __device__ C operator()(C x, C dy) const {
    return dy * (normal_cdf(x) + x * C(0.39894228040143268) * exponential(C(-0.5) * x * x));
  }
};

// Hendrycks and Gimpel's approximation: Φ(x) ≈ ½(1 + tanh(√(2/π)·(x + 0.044715·x³))).
template <class C>
__device__ __forceinline__ C gelu_angle(C x) {
  return C(0.79788456080286536) * (x + C(0.044715) * x * x * x);
}
template <class C>
struct GeluTanh {
  __device__ C operator()(C x) const { return C(0.5) * x * (1 + hyperbolic_tangent(gelu_angle(x))); }
};
template <class C>
struct GeluTanhBackward {
  __device__ C operator()(C x, C dy) const {
    const C t = hyperbolic_tangent(gelu_angle(x)), slope = C(0.79788456080286536) * (1 + C(3 * 0.044715) * x * x);
    return dy * C(0.5) * ((1 + t) + x * (1 - t * t) * slope);
  }
};

template <class C>
struct Silu {
  __device__ C operator()(C x) const { return x / (1 + exponential(-x)); }
};
template <class C>
struct SiluBackward {
  __device__ C operator()(C x, C dy) const {
    const C s = 1 / (1 + exponential(-x));
    return dy * s * (1 + x * (1 - s));
  }
};

// log(1 + exp(beta·x)) / beta, and x itself where beta·x is above the threshold.
template <class C>
struct Softplus {
  C beta, threshold;
  __device__ C operator()(C x) const {
    const C scaled = x * beta;
    return scaled > threshold ? x : logarithm_of_one_plus(exponential(scaled)) / beta;
  }
};
template <class C>
struct SoftplusBackward {
  C beta, threshold;
  __device__ C operator()(C x, C dy) const {
    const C scaled = x * beta;
    return scaled > threshold ? dy : dy / (1 + exponential(-scaled));
  }
};

// x · min(max(x + 3, 0), 6) / 6
template <class C>
struct Hardswish {
  __device__ C operator()(C x) const {
    const C low = x + 3 < 0 ? C(0) : x + 3;
    return x * (low > 6 ? C(6) : low) * C(1. / 6);
  }
};
template <class C>
struct HardswishBackward {
  __device__ C operator()(C x, C dy) const { return x <= -3 ? C(0) : x >= 3 ? dy : dy * (x * C(1. / 3) + C(0.5)); }
};

}  // namespace

void relu(int64_t n, In x, Out y) { map_floats<Relu>(n, x, y); }
void relu_backward(int64_t n, In y, In dy, Out dx) { map_pairs<ReluBackward>(n, y, dy, dx); }
void sigmoid(int64_t n, In x, Out y) { map_floats<Sigmoid>(n, x, y); }
void sigmoid_backward(int64_t n, In y, In dy, Out dx) { map_pairs<SigmoidBackward>(n, y, dy, dx); }
void tanh(int64_t n, In x, Out y) { map_floats<Tanh>(n, x, y); }
void tanh_backward(int64_t n, In y, In dy, Out dx) { map_pairs<TanhBackward>(n, y, dy, dx); }

void leaky_relu(int64_t n, double slope, In x, Out y) { map_floats<LeakyRelu>(n, x, y, slope); }
void leaky_relu_backward(int64_t n, double slope, In x, In dy, Out dx) {
  map_pairs<LeakyReluBackward>(n, x, dy, dx, slope);
}
void elu(int64_t n, double alpha, double scale, In x, Out y) { map_floats<Elu>(n, x, y, alpha, scale); }
void elu_backward(int64_t n, double alpha, double scale, In x, In dy, Out dx) {
  map_pairs<EluBackward>(n, x, dy, dx, alpha, scale);
}
void gelu(int64_t n, In x, Out y) { map_floats<Gelu>(n, x, y); }
void gelu_backward(int64_t n, In x, In dy, Out dx) { map_pairs<GeluBackward>(n, x, dy, dx); }
void gelu_tanh(int64_t n, In x, Out y) { map_floats<GeluTanh>(n, x, y); }
void gelu_tanh_backward(int64_t n, In x, In dy, Out dx) { map_pairs<GeluTanhBackward>(n, x, dy, dx); }
void silu(int64_t n, In x, Out y) { map_floats<Silu>(n, x, y); }
void silu_backward(int64_t n, In x, In dy, Out dx) { map_pairs<SiluBackward>(n, x, dy, dx); }
void softplus(int64_t n, double beta, double threshold, In x, Out y) { map_floats<Softplus>(n, x, y, beta, threshold); }
void softplus_backward(int64_t n, double beta, double threshold, In x, In dy, Out dx) {
  map_pairs<SoftplusBackward>(n, x, dy, dx, beta, threshold);
}
void hardswish(int64_t n, In x, Out y) { map_floats<Hardswish>(n, x, y); }
void hardswish_backward(int64_t n, In x, In dy, Out dx) { map_pairs<HardswishBackward>(n, x, dy, dx); }

}  // namespace convcore::cuda
