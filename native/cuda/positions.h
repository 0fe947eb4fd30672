// From the index of a thread to a place in an image, and the windows of pooling and depthwise convolution.
#pragma once
#include <initializer_list>
#include <limits>
#include <type_traits>

#include "../check.h"
#include "../geometry.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

/// Image n, row i, column j and `c`, the first of the channels that one thread handles.
struct Place {
  int64_t n;
  int i, j, c;
};

/// Threads over images of height × width whose channels are handled `step` at a time, channels innermost.
struct Places {
  int64_t count;
  int height, width, groups, step;  // groups of channels
  Divisor by_groups, by_width, by_height;

  Places(int64_t images, int64_t height, int64_t width, int64_t channels, int step)
      : count(images * height * width * (channels / step)),
        height(static_cast<int>(height)),
        width(static_cast<int>(width)),
        groups(static_cast<int>(channels / step)),
        step(step) {
    if (count == 0) return;
    for (int64_t side : {height, width, channels})
      if (side > std::numeric_limits<int>::max())
        fail("expected sides and channels below 2^31, got %lld", static_cast<long long>(side));
    by_groups = Divisor(groups);
    by_width = Divisor(width);
    by_height = Divisor(height);
  }
  __device__ __forceinline__ Place at(int64_t index) const {
    if (count < int64_t{1} << 31) {
      uint32_t rest = static_cast<uint32_t>(index);
      const int c = static_cast<int>(by_groups.split(rest)), j = static_cast<int>(by_width.split(rest));
      const int i = static_cast<int>(by_height.split(rest));
      return {rest, i, j, c * step};
    }
    const int64_t pixel = index / groups, line = pixel / width;
    return {line / height, static_cast<int>(line % height), static_cast<int>(pixel % width),
            static_cast<int>(index % groups) * step};
  }
};

/// One axis of a sliding window: input cell = position · stride − pad + tap · dilation.
struct WindowAxis {
  int input, output, taps, stride, pad, dilation;

  __device__ __forceinline__ int cell(int position, int tap) const { return position * stride - pad + tap * dilation; }
  __device__ __forceinline__ bool holds(int cell) const {
    return static_cast<unsigned>(cell) < static_cast<unsigned>(input);
  }
  /// The taps [begin, end) of the window at `position` whose cells lie inside the input.
  __device__ __forceinline__ void inside(int position, int& begin, int& end) const {
    const int start = position * stride - pad;
    begin = start < 0 ? (-start + dilation - 1) / dilation : 0;
    end =
        start + (taps - 1) * dilation >= input ? (start < input ? (input - start + dilation - 1) / dilation : 0) : taps;
  }
  /// The positions [begin, end] whose windows may reach a cell; `tap_at` tells with which tap.
  __device__ __forceinline__ void reaching(int cell, int& begin, int& end) const {
    const int before = cell + pad - (taps - 1) * dilation;
    begin = before > 0 ? (before + stride - 1) / stride : 0;
    end = (cell + pad) / stride;
    end = end < output ? end : output - 1;
  }
  /// The tap that brings the window at `position` to a cell within its reach; −1 when dilation passes over it.
  __device__ __forceinline__ int tap_at(int position, int cell) const {
    const int distance = cell + pad - position * stride;
    return distance % dilation == 0 ? distance / dilation : -1;
  }
};

/// 32 bits hold every cell and tap of an axis, and what lies between.
inline WindowAxis axis(int64_t input, int64_t output, int64_t taps, int64_t stride, int64_t pad, int64_t dilation) {
  constexpr int64_t limit = int64_t{1} << 30;
  for (int64_t each : {input, output, taps, stride, pad, dilation, product(output, stride), product(taps, dilation)})
    if (each < 0 || each >= limit) fail("expected fewer than 2^30 cells along each side of image and window");
  return {static_cast<int>(input),  static_cast<int>(output), static_cast<int>(taps),
          static_cast<int>(stride), static_cast<int>(pad),    static_cast<int>(dilation)};
}

template <class Window>
WindowAxis inward(const Window& p) {
  return axis(p.d, p.o, p.t, p.stride_d, p.pad_d, p.dilation_d);
}
template <class Window>
WindowAxis vertical(const Window& p) {
  return axis(p.h, p.p, p.r, p.stride_h, p.pad_h, p.dilation_h);
}
template <class Window>
WindowAxis horizontal(const Window& p) {
  return axis(p.w, p.q, p.s, p.stride_w, p.pad_w, p.dilation_w);
}

/// Row `row` of plane `plane` of an image.
struct Line {
  int64_t image;
  int plane, row;
};

/// From a count of rows over all images.
__device__ __forceinline__ Line line_at(int64_t index, int planes, int rows) {
  const int64_t plane = index / rows;
  const int row = static_cast<int>(index % rows);
  if (planes == 1) return {plane, 0, row};
  return {plane / planes, static_cast<int>(plane % planes), row};
}

/// The axes of a convolution. Cells and positions are counted over all images, taps over the window.
struct Axes {
  WindowAxis planes, rows, columns;

  explicit Axes(const Conv& p) : planes(inward(p)), rows(vertical(p)), columns(horizontal(p)) {}
  __device__ __forceinline__ bool holds(int d, int h, int w) const {
    return planes.holds(d) && rows.holds(h) && columns.holds(w);
  }
  __device__ __forceinline__ int64_t cell(int64_t image, int d, int h, int w) const {
    return ((image * planes.input + d) * rows.input + h) * columns.input + w;
  }
  __device__ __forceinline__ int64_t position(int64_t image, int o, int p, int q) const {
    return ((image * planes.output + o) * rows.output + p) * columns.output + q;
  }
  __device__ __forceinline__ int64_t tap(int t, int r, int s) const {
    return (static_cast<int64_t>(t) * rows.taps + r) * columns.taps + s;
  }
};

/// kWidth neighbouring elements, as one access where that is 16 bytes.
template <class T, int kWidth>
struct Channels {
  T v[kWidth];

  __device__ __forceinline__ void read(const T* from) {
    if constexpr (kWidth == Vector<T>::kWidth) {
      const Vector<T> vector = *reinterpret_cast<const Vector<T>*>(from);
      for (int j = 0; j < kWidth; ++j) v[j] = vector.v[j];
    } else {
      for (int j = 0; j < kWidth; ++j) v[j] = from[j];
    }
  }
  __device__ __forceinline__ void write(T* to) const {
    if constexpr (kWidth == Vector<T>::kWidth) {
      Vector<T> vector;
      for (int j = 0; j < kWidth; ++j) vector.v[j] = v[j];
      *reinterpret_cast<Vector<T>*>(to) = vector;
    } else {
      for (int j = 0; j < kWidth; ++j) to[j] = v[j];
    }
  }
};

/// f(width): how many channels a thread handles at once, 16 bytes of them where addresses and their number allow.
template <class T, class F>
void with_width(int64_t channels, bool vectors, F f) {
  if (vectors && channels % Vector<T>::kWidth == 0)
    f(std::integral_constant<int, Vector<T>::kWidth>{});
  else
    f(std::integral_constant<int, 1>{});
}

}  // namespace
}  // namespace convcore::cuda
