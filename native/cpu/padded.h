// Rows of channels-last images with zeros around them.
#pragma once
#include <cstdint>
#include <cstring>

#include "../geometry.h"
#include "ahead.h"
#include "sizes.h"

namespace convcore::cpu {
namespace {

/// The rows of n images [h, w, channels] as a window with `pad` zeros around them sees them.
template <class T>
struct PaddedRows {
  const T* image;
  int64_t h, w, channels;
  int64_t pad_h, pad_w;   // before the image; may be negative
  int64_t height, width;  // of what the windows see, in rows and pixels

  int64_t pitch() const { return width * channels; }

  /// Nothing is to be padded or cut off: rows [top, top + rows) can be read where they are.
  bool plain() const { return pad_h <= 0 && height - pad_h <= h && pad_w == 0 && width == w; }
  const T* at(int64_t n, int64_t top) const { return image + (n * h + top - pad_h) * pitch(); }

  /// What rows [top, top + rows) of image n are in memory, with all that lies between their pixels.
  Ahead<T> stretch(int64_t n, int64_t top, int64_t rows) const {
    const int64_t first = top > pad_h ? top - pad_h : 0, end = lesser(top - pad_h + rows, h);
    return {image + (n * h + first) * w * channels, (end - first) * w * channels};
  }

  /// Copies rows [top, top + rows), counted from the first padded one, of image n.
  void copy(int64_t n, int64_t top, int64_t rows, T* to) const {
    const int64_t before = pad_w > 0 ? lesser(pad_w, width) : 0, first = before - pad_w;
    int64_t inside = lesser(width - before, w - first);
    if (inside < 0) inside = 0;
    const size_t pixel = static_cast<size_t>(channels) * sizeof(T);
    for (int64_t i = 0; i < rows; ++i, to += pitch()) {
      const int64_t row = top + i - pad_h;
      if (row < 0 || row >= h || inside == 0) {
        std::memset(to, 0, static_cast<size_t>(width) * pixel);
        continue;
      }
      std::memset(to, 0, static_cast<size_t>(before) * pixel);
      std::memcpy(to + before * channels, image + ((n * h + row) * w + first) * channels,
                  static_cast<size_t>(inside) * pixel);
      std::memset(to + (before + inside) * channels, 0, static_cast<size_t>(width - before - inside) * pixel);
    }
  }
};

/// What a convolution's windows see of its images.
template <class T>
PaddedRows<T> padded_rows(const Conv& p, const T* images) {
  return {images,
          p.h,
          p.w,
          p.c,
          p.pad_h,
          p.pad_w,
          (p.p - 1) * p.stride_h + (p.r - 1) * p.dilation_h + 1,
          (p.q - 1) * p.stride_w + p.s};
}

}  // namespace
}  // namespace convcore::cpu
