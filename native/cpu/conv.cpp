#include <cstring>

#include "conv_direct.h"
#include "conv_scatter.h"
#include "conv_winograd.h"
#include "conv_winograd_tile.h"
#include "depthwise.h"
#include "gemm.h"
#include "packing.h"
#include "patches.h"
#include "phase_weight.h"

namespace convcore::cpu::ISA {
namespace {

/// The patches of x that the outputs see, [N·O·P·Q, T·R·S·C/g] per group.
template <class T>
Patches<T> patches(const Conv& p, const In& x) {
  return {x.as<T>(),
          x.as<T>() + x.count,
          p.c,
          p.c / p.groups,
          {p.o, p.p, p.q},
          {p.d, p.stride_d, -p.pad_d, p.dilation_d, p.t},
          {p.h, p.stride_h, -p.pad_h, p.dilation_h, p.r},
          {p.w, p.stride_w, -p.pad_w, p.dilation_w, p.s}};
}

template <class T>
void backward_input_phase(const Conv& p, const In& dy, const In& weight, const OptIn& bias, const Out& dx,
                          const Phase& i, const Phase& v, const Phase& h) {
  int64_t filters = p.k / p.groups, channels = p.c / p.groups;
  Grid grid{i.positions, v.positions, h.positions};
  View in{p.o, 1, i.origin, i.shift, i.taps}, down{p.p, 1, v.origin, v.shift, v.taps},
      across{p.q, 1, h.origin, h.shift, h.taps};
  Patches<T> a{dy.as<T>(), dy.as<T>() + dy.count, p.k, filters, grid, in, down, across};
  PhaseWeight<T> b{p, weight.as<T>(), weight.as<T>() + weight.count, i, v, h};
  int64_t pixel = p.c, line = p.w * pixel, plane = p.h * line;
  Target<T> c{dx.as<T>() + i.phase * plane + v.phase * line + h.phase * pixel,
              grid,
              channels,
              p.d * plane,
              p.stride_d * plane,
              p.stride_h * line,
              p.stride_w * pixel};
  gemm(Gemm<T>{p.groups, p.n * grid.depth * grid.height * grid.width, channels, i.taps * v.taps * h.taps * filters,
               a.source(), b.source(), bias.as<T>(), channels, c});
}

/// What a prepared weight is, in the first of its elements.
enum class Form { Weight, Panels, Winograd };
constexpr int64_t kFormElements = 16;

// Transformed filters are four times the weight. Where few tiles use them, reading them takes longer than the products
// that they save.
constexpr int64_t kFewTiles = 8, kManyWeights = 1 << 17;  // channels times filters

Form form_of(const Conv& p, DType dtype) {
  if (p.groups != 1) return Form::Weight;
  const int64_t tiles = p.n * divide_up(p.p, kTileSide) * divide_up(p.q, kTileSide);
  const bool many = tiles < kFewTiles && p.c * p.k >= kManyWeights;
  return is_winograd(p, dtype) && !many ? Form::Winograd : Form::Panels;
}

/// All but the right factor.
template <class T>
Gemm<T> forward_product(const Conv& p, const Patches<T>& a, const OptIn& bias, const Out& y) {
  const int64_t filters = p.k / p.groups, depth = p.t * p.r * p.s * (p.c / p.groups);
  const int64_t line = p.q * p.k, plane = p.p * line;
  const Target<T> c{y.as<T>(), {p.o, p.p, p.q}, filters, p.o * plane, plane, line, p.k};
  return {p.groups, p.n * p.o * p.p * p.q, filters, depth, a.source(), {}, bias.as<T>(), filters, c};
}

/// The weight as the right factor, [T·R·S·C/g, K/g] per group.
template <class T>
Matrix<T> right_factor(const Conv& p, const In& weight) {
  const int64_t filters = p.k / p.groups, depth = p.t * p.r * p.s * (p.c / p.groups);
  return {weight.as<T>(), filters * depth, depth, weight.as<T>() + weight.count};
}

}  // namespace

// y[N·O·P·Q, K] = patches(x) · weightᵀ + bias
void conv(const Conv& p, In x, In weight, OptIn bias, Out y) {
  if (is_depthwise(p)) return depthwise(p, x, weight, bias, y);
  if (is_winograd(p, y.dtype)) return winograd(p, x, weight, bias, y);
  if (is_direct(p)) return direct(p, x, weight, bias, y);
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Patches<T> a = patches<T>(p, x);
    const Matrix<T> b = right_factor<T>(p, weight);
    Gemm<T> g = forward_product(p, a, bias, y);
    g.b = b.source(true);
    gemm(g);
  });
}

void conv_prepare(const Conv& p, In weight, Out prepared) {
  dispatch_float(weight.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Form form = form_of(p, weight.dtype);
    const Matrix<T> factor = right_factor<T>(p, weight);
    T *head = prepared.as<T>(), *to = head + kFormElements;
    *head = static_cast<T>(form);
    switch (form) {
      case Form::Weight: std::memcpy(to, weight.as<T>(), p.weight() * sizeof(T)); break;
      case Form::Panels: pack_panels(factor.source(true), p.t * p.r * p.s * p.c, p.k, to); break;
      case Form::Winograd: winograd_prepare(p, weight, reinterpret_cast<float*>(to)); break;
    }
  });
}

void conv_prepared(const Conv& p, int64_t relu, In x, In prepared, OptIn bias, OptIn residual, Out y) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *head = prepared.as<T>(), *from = head + kFormElements;
    if (*head == static_cast<T>(Form::Winograd) && fits_winograd(p, y.dtype))
      return winograd_prepared(p, relu, x, reinterpret_cast<const float*>(from), bias, residual, y);
    if (*head == static_cast<T>(Form::Panels) && p.groups == 1) {
      if (is_direct(p)) return direct_prepared(p, relu, x, from, bias, residual, y);
      const Patches<T> a = patches<T>(p, x);
      Gemm<T> g = forward_product(p, a, bias, y);
      g.panels = from;
      g.residual = residual.as<T>();
      g.relu = relu;
      return gemm(g);
    }
    if (*head != static_cast<T>(Form::Weight) || p.groups == 1) fail("expected a weight that was prepared for it");
    conv(p, x, {{const_cast<T*>(from), p.weight(), prepared.dtype}}, bias, y);
    if (residual) accumulate(y.count, {residual}, {y});
    if (relu) ISA::relu(y.count, {y}, y);
  });
}

// dx: a convolution of dy with the weight turned round, for each remainder of the input position modulo the stride.
void conv_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx) {
  if (is_depthwise(p)) return depthwise_backward_input(p, dy, weight, bias, dx);
  if (is_scattered(p, dx.dtype)) return scatter_backward_input(p, dy, weight, bias, dx);
  if (is_winograd(p, dx.dtype)) return winograd_backward_input(p, dy, weight, bias, dx);
  if (is_direct_backward_input(p)) return direct_backward_input(p, dy, weight, bias, dx);
  dispatch_float(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (int64_t d = 0; d < p.stride_d && d < p.d; ++d)
      for (int64_t i = 0; i < p.stride_h && i < p.h; ++i)
        for (int64_t j = 0; j < p.stride_w && j < p.w; ++j)
          backward_input_phase<T>(p, dy, weight, bias, dx, Phase(d, inward(p)), Phase(i, vertical(p)),
                                  Phase(j, horizontal(p)));
  });
}

// dweight[K, T·R·S·C] = dyᵀ · patches(x)
void conv_backward_weight(const Conv& p, In x, In dy, Out dweight) {
  if (is_depthwise(p)) return depthwise_backward_weight(p, x, dy, dweight);
  if (is_winograd(p, dweight.dtype)) return winograd_backward_weight(p, x, dy, dweight);
  if (is_direct_backward_weight(p)) return direct_backward_weight(p, x, dy, dweight);
  dispatch_float(dweight.dtype, [&](auto zero) {
    using T = decltype(zero);
    int64_t filters = p.k / p.groups, columns = p.t * p.r * p.s * (p.c / p.groups);
    Matrix<T> a{dy.as<T>(), filters, p.k, dy.as<T>() + dy.count};
    Patches<T> b = patches<T>(p, x);
    gemm(Gemm<T>{p.groups, filters, columns, p.n * p.o * p.p * p.q, a.source(true), b.source(), nullptr, 0,
                 dense_target(dweight.as<T>(), filters, columns)});
  });
}

}  // namespace convcore::cpu::ISA
