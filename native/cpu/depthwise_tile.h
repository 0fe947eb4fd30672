// Outputs of neighbouring columns of a depthwise convolution, whose sums stay in registers.
#pragma once
#include <utility>

#include "depthwise_channels.h"
#include "depthwise_row.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kColumns = 8;  // whose sums are in registers together

/// Where a tile of outputs is: elements of x, which the taps' are added to, and of y, and from column to column.
template <class T>
struct Tile {
  const T* x;
  T* y;
  int64_t x_begin, x_step, y_step;
};

template <class T>
struct Filters;
template <class T>
using Compute = void (*)(const Filters<T>&, const Tap* taps, int64_t count, const Tile<T>&);

/// Filters for `pixels` that are taken as one: weight [taps, channels], bias [channels].
template <class T>
struct Filters {
  int64_t pixels, channels;
  const T *weight, *bias;
  const Compute<T>* compute;  // for 1 … kColumns columns
};

/// The sums of all taps at `Columns` columns, a vector of channels at a time. Where the last vector goes back, it
/// computes some channels again.
template <class T, int64_t Lanes, int64_t Columns>
void compute(const Filters<T>& filters, const Tap* taps, int64_t count, const Tile<T>& tile) {
  using V = Vector<T, Lanes>;
  const int64_t channels = filters.channels, x_step = tile.x_step, y_step = tile.y_step;
  for (int64_t block = 0; block * Lanes < channels; ++block) {
    const int64_t c = start_of(block, Lanes, channels);
    V sums[Columns];
    const V bias = load<T, Lanes>(filters.bias + c);
#pragma GCC unroll 8
    for (int64_t i = 0; i < Columns; ++i) sums[i] = bias;
    for (const Tap* tap = taps; tap < taps + count; ++tap) {
      const V weight = load<T, Lanes>(filters.weight + tap->index * channels + c);
      const T* x = tile.x + (tile.x_begin + tap->element + c);
#pragma GCC unroll 8
      for (int64_t i = 0; i < Columns; ++i) sums[i] += weight * load<T, Lanes>(x + i * x_step);
    }
    T* y = tile.y + c;
#pragma GCC unroll 8
    for (int64_t i = 0; i < Columns; ++i) store<T, Lanes>(y + i * y_step, sums[i]);
  }
}

template <class T, int64_t Lanes, int64_t... I>
const Compute<T>* computes(std::integer_sequence<int64_t, I...>) {
  static constexpr Compute<T> table[] = {compute<T, Lanes, I + 1>...};
  return table;
}

/// weight [channels, taps] and the bias, or none, of every pixel; `to` has (taps + 1) · pixels · channels elements.
template <class T>
Filters<T> spread_filters(int64_t pixels, int64_t channels, int64_t taps, const T* weight, const T* bias, T* to) {
  const T* from = to;
  for (int64_t tap = 0; tap < taps; ++tap)
    for (int64_t i = 0; i < pixels; ++i)
      for (int64_t c = 0; c < channels; ++c) *to++ = weight[c * taps + tap];
  for (int64_t i = 0; i < pixels * channels; ++i) to[i] = bias ? bias[i % channels] : 0;
  const Compute<T>* compute = with_width<T, 2>(pixels * channels, [](auto lanes) {
    return computes<T, lanes>(std::make_integer_sequence<int64_t, kColumns>{});
  });
  return {pixels, pixels * channels, from, to, compute};
}

}  // namespace
}  // namespace convcore::cpu::ISA
