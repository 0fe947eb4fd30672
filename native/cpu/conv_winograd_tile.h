// Winograd's minimal filtering of 3×3 windows by tiles of the image, at the points 0, ±1, ±2 and ∞ (Lavin, Gray: "Fast
// algorithms for convolutional neural networks", 2016). Each lane of a vector is a channel.
#pragma once
#include "sizes.h"
#include "vector.h"

namespace convcore::cpu {
namespace {

constexpr int64_t kWindow = 3;
/// Points along an axis, which is also the side of the image tile, and of the part of y that a tile gives, or that it
/// takes for the gradient of the weight; the two differ by the window's side − 1.
constexpr int64_t kSide = 6, kPoints = kSide * kSide;
constexpr int64_t kTileSide = 4;

using Floats = Vector<float>;
constexpr int64_t kFloats = kLanesOf<float>;

/// An axis of a tile. A short one leaves out the last of the points 0, 1, −1, 2, ∞, −2: one pixel less, and one
/// element of y.
template <bool Short>
struct TileAxis {
  static constexpr bool is_short = Short;
  static constexpr int64_t points = kSide - Short, results = kTileSide - Short;
};

/// to = Bᵀ · from: of an image tile's line of 6 pixels, or of 5, each point then times what the filters, which are
/// scaled for all points, miss.
template <int64_t Points>
struct ImageTransform {
  static constexpr int64_t from = Points, to = Points;
  [[gnu::always_inline]] static void apply(const Floats* d, int64_t step, Floats* t, int64_t to_step) {
    const Floats d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
    if constexpr (Points == kSide) {
      const Floats even = d4 - 4.0f * d2, odd = d3 - 4.0f * d1, difference = d4 - d2, twice = 2.0f * (d3 - d1);
      t[0] = 4.0f * (d0 - d2) + difference;
      t[to_step] = even + odd;
      t[2 * to_step] = even - odd;
      t[3 * to_step] = difference + twice;
      t[4 * to_step] = d[5 * step] - 4.0f * d3 - odd;
      t[5 * to_step] = difference - twice;
    } else {
      const Floats twice = 2.0f * (d3 - d1);
      t[0] = 4.0f * (d0 - d2) + twice;
      t[to_step] = 3.0f * (d3 - d2 - 2.0f * d1);
      t[2 * to_step] = d3 - 3.0f * d2 + 2.0f * d1;
      t[3 * to_step] = 2.0f * twice;
      t[4 * to_step] = d4 - d2 - twice;
    }
  }
};

/// to = G · from: of a filter's line of 3 or 4 taps.
template <int64_t Taps, int64_t Points = kSide>
struct FilterTransform {
  static constexpr int64_t from = Taps, to = Points;
  [[gnu::always_inline]] static void apply(const Floats* w, int64_t step, Floats* t, int64_t to_step) {
    const Floats w0 = w[0], w1 = w[step], w2 = w[2 * step], last = w[(Taps - 1) * step];
    const Floats even = (w0 + w2) * (1.0f / 6), near = w0 * (1.0f / 24) + w2 * (1.0f / 6);
    Floats odd, far;
    if constexpr (Taps == 4) {
      odd = (w1 + last) * (1.0f / 6);
      far = w1 * (1.0f / 12) + last * (1.0f / 3);
    } else {
      odd = w1 * (1.0f / 6);
      far = w1 * (1.0f / 12);
    }
    t[0] = w0 * 0.25f;
    t[to_step] = -even - odd;
    t[2 * to_step] = odd - even;
    t[3 * to_step] = near + far;
    t[4 * to_step] = last;
    if constexpr (Points == kSide) t[5 * to_step] = near - far;
  }
};

/// to = Aᵀ · from: the result's line of 4 or 3 elements.
template <int64_t Count, int64_t Points = kSide>
struct ResultTransform {
  static constexpr int64_t from = Points, to = Count;
  [[gnu::always_inline]] static void apply(const Floats* m, int64_t step, Floats* t, int64_t to_step) {
    const Floats s1 = m[step] + m[2 * step], d1 = m[step] - m[2 * step];
    Floats s2 = m[3 * step], d2 = s2;
    if constexpr (Points == kSide) {
      s2 += m[5 * step];
      d2 -= m[5 * step];
    }
    t[0] = m[0] + s1 + s2;
    t[to_step] = d1 + 2.0f * d2;
    t[2 * to_step] = s1 + 4.0f * s2;
    if constexpr (Count == 4) t[3 * to_step] = d1 + 8.0f * d2;
    t[(Count - 1) * to_step] += m[4 * step];
  }
};

/// Both axes of a rectangle, whose element is get(i, j). `put(i, j, value)` takes the results.
template <class Vertical, class Horizontal, class Get, class Put>
[[gnu::always_inline]] inline void transform_rectangle(Get get, Put put) {
  constexpr int64_t height = Vertical::from, width = Horizontal::from;
  Floats half[Vertical::to * width], column[height], line[Horizontal::to];
#pragma GCC unroll 6
  for (int64_t j = 0; j < width; ++j) {
#pragma GCC unroll 6
    for (int64_t i = 0; i < height; ++i) column[i] = get(i, j);
    Vertical::apply(column, 1, half + j, width);
  }
#pragma GCC unroll 6
  for (int64_t i = 0; i < Vertical::to; ++i) {
    Horizontal::apply(half + i * width, 1, line, 1);
#pragma GCC unroll 6
    for (int64_t j = 0; j < Horizontal::to; ++j) put(i, j, line[j]);
  }
}

/// Channels-last images [n, h, w, channels]; beyond their edges they are 0.
struct ImageTiles {
  const float *image, *end;
  int64_t h, w, channels;

  /// use(get) with the pixels from (top, left) on, for the vector of channels from `channel` on: get(i, j). What lies
  /// past the last channel is anything.
  template <int64_t Height, int64_t Width, class Use>
  [[gnu::always_inline]] void with_rectangle(int64_t n, int64_t top, int64_t left, int64_t channel, Use use) const {
    const float* corner = image + ((n * h + top) * w + left) * channels + channel;
    const int64_t pixel = channels, line = w * pixel;
    const int64_t last = (lesser(Height, h - top) - 1) * line + (lesser(Width, w - left) - 1) * pixel;
    if (end - corner >= last + kFloats) {
      if (top >= 0 && left >= 0 && top + Height <= h && left + Width <= w)
        return use([=](int64_t i, int64_t j) { return load(corner + i * line + j * pixel); });
      // Selecting addresses takes no branches.
      static constexpr float zeros[kFloats] = {};
      const float* rows[Height];
      bool columns[Width];
#pragma GCC unroll 6
      for (int64_t i = 0; i < Height; ++i) rows[i] = top + i >= 0 && top + i < h ? corner + i * line : nullptr;
#pragma GCC unroll 6
      for (int64_t j = 0; j < Width; ++j) columns[j] = left + j >= 0 && left + j < w;
      return use([&](int64_t i, int64_t j) { return load(rows[i] && columns[j] ? rows[i] + j * pixel : zeros); });
    }
    Floats square[Height * Width];
    for (int64_t i = 0; i < Height; ++i)
      for (int64_t j = 0; j < Width; ++j) {
        const bool out = top + i < 0 || top + i >= h || left + j < 0 || left + j >= w;
        const float* from = corner + i * line + j * pixel;
        if (out)
          square[i * Width + j] = Floats{};
        else
          square[i * Width + j] = end - from >= kFloats ? load(from) : load_part(from, end - from);
      }
    use([&](int64_t i, int64_t j) { return square[i * Width + j]; });
  }
};

constexpr int64_t kLine = 64 / sizeof(float);  // floats of a cache line

/// Elements between the matrices of two points: an odd number of cache lines, so that they do not compete for a set.
inline int64_t odd_lines(int64_t size) { return ((size + kLine - 1) / kLine | 1) * kLine; }

/// Elements between rows of `size`, in whole vectors. Rows that lie eight lines apart would share few sets.
inline int64_t row_pitch(int64_t size) {
  const int64_t lines = (size + kLine - 1) / kLine;
  return (lines % 8 == 0 ? lines + 1 : lines) * kLine;
}

}  // namespace
}  // namespace convcore::cpu
