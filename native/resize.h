// Where the cells of a resized image take their values from, along one axis; PyTorch's coordinates, and its precision.
#pragma once
#include <cmath>
#include <cstdint>

#include "host_device.h"

namespace convcore {
namespace {

/// (1 − weight) · x[cell] + weight · x[cell + 1]
template <class T>
struct Source {
  int cell;
  T weight;

  /// What cell `at` counts for.
  [[gnu::always_inline]] HOST_DEVICE T weight_of(int at) const {
    return at == cell ? 1 - weight : at == cell + 1 ? weight : T(0);
  }
};

/// One axis; `mode` is Resize3d's, `scale` input cells per output cell.
template <class T>
struct ResizeAxis {
  int input, output, mode;
  T scale;

  [[gnu::always_inline]] HOST_DEVICE Source<T> source(int i) const {
    // Compared before they are converted, so that no scale leads out of the image.
    if (mode == 0) {
      const float nearest = floorf(static_cast<float>(i) * static_cast<float>(scale));  // in float32 for every dtype
      if (!(nearest < static_cast<float>(input))) return {input - 1, 0};
      return {nearest > 0 ? static_cast<int>(nearest) : 0, 0};
    }
    const T at = mode == 2 ? scale * static_cast<T>(i) : scale * (static_cast<T>(i) + T(0.5)) - T(0.5);
    if (at <= 0) return {0, 0};
    if (!(at < static_cast<T>(input - 1))) return {input - 1, 0};
    const int cell = static_cast<int>(at);
    return {cell, at - static_cast<T>(cell)};
  }

  /// The first output whose source is `cell` or lies behind it.
  [[gnu::always_inline]] HOST_DEVICE int first_from(int cell) const {
    int low = 0, high = output;
    while (low < high) {
      const int middle = low + (high - low) / 2;
      if (source(middle).cell < cell)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }
  /// The outputs [begin, end) that take from `cell`.
  [[gnu::always_inline]] HOST_DEVICE int begin(int cell) const { return first_from(mode == 0 ? cell : cell - 1); }
  [[gnu::always_inline]] HOST_DEVICE int end(int cell) const { return first_from(cell + 1); }
};

}  // namespace
}  // namespace convcore
