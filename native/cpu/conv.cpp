#include "depthwise.h"
#include "gemm.h"
#include "patches.h"

namespace convcore::cpu::ISA {
namespace {

/// The patches of x that the outputs see, [N·P·Q, R·S·C/g] per group.
template <class T>
Patches<T> patches(const Conv2d& p, const In& x) {
  return {x.as<T>(),  x.as<T>() + x.count, p.h,      p.w,      p.c, p.c / p.groups, {p.p, p.q},
          p.stride_h, p.stride_w,          -p.pad_h, -p.pad_w, p.s, p.dilation_h,   p.dilation_w};
}

/// The taps of one axis through which the inputs of one phase, phase + i · stride, meet outputs. They are first,
/// first − step, … ; tap number a reaches output i + origin + a · shift.
struct Phase {
  int64_t phase, positions, first, step, taps, origin, shift;

  Phase(int64_t phase, int64_t input, int64_t window, int64_t stride, int64_t pad, int64_t dilation)
      : phase(phase), positions((input - phase + stride - 1) / stride) {
    auto distance = [&](int64_t tap) { return phase + pad - tap * dilation; };
    step = stride / gcd(stride, dilation);
    first = window - 1;
    while (first >= 0 && first > window - 1 - step && distance(first) % stride != 0) --first;
    bool met = first >= 0 && distance(first) % stride == 0;
    taps = met ? first / step + 1 : 0;
    origin = met ? distance(first) / stride : 0;
    shift = step * dilation / stride;
  }
  int64_t tap(int64_t a) const { return first - a * step; }

 private:
  static int64_t gcd(int64_t a, int64_t b) { return b == 0 ? a : gcd(b, a % b); }
};

/// The weight as the second factor of the gradient: rows (tap row, tap column, k) of one phase, columns c.
template <class T>
struct PhaseWeight {
  const Conv2d& p;
  const T *weight, *end;
  const Phase &vertical, &horizontal;

  static void copy(const void* self, int64_t item, const Part& part, T* to, int64_t stride) {
    const auto& m = *static_cast<const PhaseWeight*>(self);
    int64_t filters = m.p.k / m.p.groups, channels = m.p.c / m.p.groups;
    for (int64_t row = part.row; row < part.row + part.rows; ++row, to += stride) {
      int64_t k = item * filters + row % filters, tap = row / filters;
      int64_t r = m.vertical.tap(tap / m.horizontal.taps), s = m.horizontal.tap(tap % m.horizontal.taps);
      copy_over(to, m.weight + ((k * m.p.r + r) * m.p.s + s) * channels + part.column, part.columns, m.end);
    }
  }
};

template <class T>
void backward_input_phase(const Conv2d& p, const In& dy, const In& weight, const Out& dx, const Phase& v,
                          const Phase& h) {
  int64_t filters = p.k / p.groups, channels = p.c / p.groups;
  Patches<T> a{dy.as<T>(),
               dy.as<T>() + dy.count,
               p.p,
               p.q,
               p.k,
               filters,
               {v.positions, h.positions},
               1,
               1,
               v.origin,
               h.origin,
               h.taps,
               v.shift,
               h.shift};
  PhaseWeight<T> b{p, weight.as<T>(), weight.as<T>() + weight.count, v, h};
  Target<T> c{dx.as<T>() + (v.phase * p.w + h.phase) * p.c,
              {v.positions, h.positions},
              channels,
              p.h * p.w * p.c,
              p.stride_h * p.w * p.c,
              p.stride_w * p.c};
  gemm(Gemm<T>{p.groups,
               p.n * v.positions * h.positions,
               channels,
               v.taps * h.taps * filters,
               a.source(),
               false,
               {&b, b.copy},
               false,
               nullptr,
               0,
               c});
}

}  // namespace

// y[N·P·Q, K] = patches(x) · weightᵀ + bias
void conv2d(const Conv2d& p, In x, In weight, OptIn bias, Out y) {
  if (is_depthwise(p)) return depthwise(p, x, weight, bias, y);
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    int64_t filters = p.k / p.groups, depth = p.r * p.s * (p.c / p.groups);
    Patches<T> a = patches<T>(p, x);
    Matrix<T> b{weight.as<T>(), filters * depth, depth, weight.as<T>() + weight.count};
    Target<T> c{y.as<T>(), {p.p, p.q}, filters, p.p * p.q * p.k, p.q * p.k, p.k};
    gemm(Gemm<T>{p.groups, p.n * p.p * p.q, filters, depth, a.source(), false, b.source(), true, bias.as<T>(), filters,
                 c});
  });
}

// dx: a convolution of dy with the weight turned round, for each remainder of the input position modulo the stride.
void conv2d_backward_input(const Conv2d& p, In dy, In weight, Out dx) {
  if (is_depthwise(p)) return depthwise_backward_input(p, dy, weight, dx);
  dispatch_float(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (int64_t i = 0; i < p.stride_h && i < p.h; ++i)
      for (int64_t j = 0; j < p.stride_w && j < p.w; ++j)
        backward_input_phase<T>(p, dy, weight, dx, Phase(i, p.h, p.r, p.stride_h, p.pad_h, p.dilation_h),
                                Phase(j, p.w, p.s, p.stride_w, p.pad_w, p.dilation_w));
  });
}

// dweight[K, R·S·C] = dyᵀ · patches(x)
void conv2d_backward_weight(const Conv2d& p, In x, In dy, Out dweight) {
  if (is_depthwise(p)) return depthwise_backward_weight(p, x, dy, dweight);
  dispatch_float(dweight.dtype, [&](auto zero) {
    using T = decltype(zero);
    int64_t filters = p.k / p.groups, columns = p.r * p.s * (p.c / p.groups);
    Matrix<T> a{dy.as<T>(), filters, p.k, dy.as<T>() + dy.count};
    Patches<T> b = patches<T>(p, x);
    gemm(Gemm<T>{p.groups, filters, columns, p.n * p.p * p.q, a.source(), true, b.source(), false, nullptr, 0,
                 dense_target(dweight.as<T>(), filters, columns)});
  });
}

}  // namespace convcore::cpu::ISA
