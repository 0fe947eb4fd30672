// Geometry of the ops: plain structs of int64 fields, written by lib/ops and checked here before a kernel runs.
// Dimensions are cuDNN's: N images, C channels, H×W input, K filters, R×S window, P×Q output; volumes are D×H×W, seen
// through T×R×S windows that make O×P×Q outputs.
#pragma once
#include <cstdint>
#include <initializer_list>

namespace convcore {

/// Product of non-negative factors; −1 when one is negative or the product overflows.
template <class... T>
constexpr int64_t product(T... factors) {
  int64_t result = 1;
  bool bad = false;
  ((bad |= factors < 0 || __builtin_mul_overflow(result, static_cast<int64_t>(factors), &result)), ...);
  return bad ? -1 : result;
}

// Larger steps and paddings are never meant, and smaller ones cannot overflow an offset computation.
constexpr int64_t kMaxStep = int64_t{1} << 31;

/// The sliding window of a convolution or a pooling. Padding is what lies before the image (top, left); what lies
/// after it follows from the output size, so asymmetric 'same' padding and ceil mode need no more.
struct Window2d {
  int64_t n, c, h, w, r, s, p, q;
  int64_t stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;

  constexpr int64_t x() const { return product(n, c, h, w); }
  static constexpr bool step(int64_t v, int64_t low) { return v >= low && v <= kMaxStep; }
  constexpr bool valid() const {
    return x() >= 0 && r >= 1 && s >= 1 && step(r, 1) && step(s, 1) && step(h, 0) && step(w, 0) && step(p, 0) &&
           step(q, 0) && step(stride_h, 1) && step(stride_w, 1) && step(pad_h, 0) && step(pad_w, 0) &&
           step(dilation_h, 1) && step(dilation_w, 1);
  }
};

/// Of volumes. An image is one of a single plane: d, t, o, the stride and the dilation along them are 1, the padding 0.
struct Conv : Window2d {
  int64_t d, t, o, stride_d, pad_d, dilation_d;
  int64_t k, groups;

  constexpr int64_t x() const { return product(n, c, d, h, w); }
  constexpr int64_t weight() const { return groups < 1 ? -1 : product(k, c / groups, t, r, s); }
  constexpr int64_t y() const { return product(n, k, o, p, q); }
  /// Room for the weight in the form that a backend reads best: in panels of 8 to 32 filters, for 3×3 windows perhaps
  /// at 36 points instead of 9 taps, behind 16 elements that say which.
  constexpr int64_t prepared() const {
    if (groups != 1) return weight() < 0 ? -1 : weight() + 16;
    const int64_t columns = (k + 31) / 32 * 32;
    const int64_t plain = product(t * r * s * c + 16, columns);
    const int64_t points = t == 1 && r == 3 && s == 3 ? product(36, c + 4, columns) : 0;
    return weight() < 0 || plain < 0 || points < 0 ? -1 : (plain > points ? plain : points) + 16;
  }
  /// The matrix that stands for the images: one row per output position, one column per channel and tap.
  constexpr int64_t columns() const { return product(n, o, p, q, c, t, r, s); }
  constexpr bool valid() const {
    return Window2d::valid() && x() >= 0 && step(d, 0) && step(t, 1) && step(o, 0) && step(stride_d, 1) &&
           step(pad_d, 0) && step(dilation_d, 1) && groups >= 1 && c % groups == 0 && k % groups == 0;
  }
};

struct Im2col : Window2d {
  /// One row per output position, one column per channel and tap.
  constexpr int64_t columns() const { return product(n, p, q, c, r, s); }
};

/// One axis of pooling.
struct PoolAxis {
  int64_t input, output, taps, stride, pad_before, pad_after, dilation;

  constexpr bool valid() const {
    auto in = [](int64_t v, int64_t low) { return v >= low && v <= kMaxStep; };
    return in(input, 0) && in(output, 0) && in(taps, 1) && in(stride, 1) && in(pad_before, 0) && in(pad_after, 0) &&
           in(dilation, 1);
  }
};

/// The windows of a pooling over n volumes of d×h×w cells; images have a depth of 1. Adaptive windows reach from cell
/// ⌊i · input / output⌋ to, exclusive, ⌈(i + 1) · input / output⌉, and their taps say how many cells they have at most.
struct Pool3d {
  int64_t n, c;
  PoolAxis d, h, w;
  int64_t adaptive;
  int64_t count_include_pad, divisor;  // average pooling: padded cells count; what to divide by instead, or 0

  constexpr int64_t cells() const { return product(d.input, h.input, w.input); }
  constexpr int64_t x() const { return product(n, c, d.input, h.input, w.input); }
  constexpr int64_t y() const { return product(n, c, d.output, h.output, w.output); }
  constexpr bool valid() const {
    return x() >= 0 && cells() >= 0 && d.valid() && h.valid() && w.valid() && divisor >= 0 &&
           (!adaptive || (cells() > 0 && product(d.output, h.output, w.output) > 0) || (x() == 0 && y() == 0));
  }
};

/// Volumes of d×h×w cells, or images of depth 1, brought to another size. Mode: 0 takes the nearest cell, 1 is linear
/// between the centres of cells, 2 is linear with the centres of the corner cells kept in place.
struct Resize3d {
  struct Side {
    int64_t input, output;
    constexpr bool valid() const { return input >= 1 && output >= 1 && input < kMaxStep / 2 && output < kMaxStep / 2; }
  };
  int64_t n, c;
  Side d, h, w;
  int64_t mode;

  constexpr int64_t x() const { return product(n, c, d.input, h.input, w.input); }
  constexpr int64_t y() const { return product(n, c, d.output, h.output, w.output); }
  constexpr bool valid() const { return d.valid() && h.valid() && w.valid() && mode >= 0 && mode <= 2; }
};

/// Images [n, c, h, w] seen through an affine map each, as [n, c, p, q]. Mode: 0 takes the nearest cell, 1 is bilinear.
struct Warp {
  int64_t n, c, h, w, p, q;
  int64_t mode;

  constexpr int64_t x() const { return product(n, c, h, w); }
  constexpr int64_t y() const { return product(n, c, p, q); }
  constexpr bool valid() const {
    for (int64_t side : {h, w, p, q})
      if (side < 1 || side >= kMaxStep / 2) return false;
    return mode == 0 || mode == 1;
  }
};

/// x [n, positions, channels], normalised over the positions and the channels of one group.
struct Groups {
  int64_t n, positions, channels, groups;

  constexpr int64_t x() const { return product(n, positions, channels); }
  constexpr int64_t statistics() const { return product(n, groups); }
  constexpr int64_t width() const { return channels / groups; }
  constexpr bool valid() const {
    return x() >= 0 && product(n, channels) >= 0 && groups >= 1 && groups <= kMaxStep && channels % groups == 0 &&
           statistics() >= 0;
  }
};

/// y[m×n] = op(a)[m×k] · op(b)[k×n], `batch` times over.
struct Matmul {
  int64_t batch, m, n, k, transpose_a, transpose_b;
  constexpr int64_t a() const { return product(batch, m, k); }
  constexpr int64_t b() const { return product(batch, k, n); }
  constexpr int64_t y() const { return product(batch, m, n); }
  constexpr bool valid() const { return true; }
};

constexpr int kMaxRank = 8;

/// Highest offset that dims and strides reach, plus one; 0 when empty; −1 when a stride is negative or it overflows.
constexpr int64_t span(int64_t rank, const int64_t* dims, const int64_t* strides) {
  int64_t last = 0;
  for (int64_t i = 0; i < rank; ++i) {
    int64_t reach = dims[i] > 0 ? product(dims[i] - 1, strides[i]) : 0;
    if (reach < 0 || __builtin_add_overflow(last, reach, &last)) return -1;
  }
  for (int64_t i = 0; i < rank; ++i)
    if (dims[i] == 0) return 0;
  return last + 1;
}

constexpr int64_t volume(int64_t rank, const int64_t* dims) {
  int64_t result = 1;
  for (int64_t i = 0; i < rank; ++i) result = result < 0 ? -1 : product(result, dims[i]);
  return result;
}

/// y dense over dims; a and b read with strides (0 where broadcast).
struct Broadcast {
  int64_t rank, dims[kMaxRank], stride_a[kMaxRank], stride_b[kMaxRank];
  constexpr int64_t a() const { return span(rank, dims, stride_a); }
  constexpr int64_t b() const { return span(rank, dims, stride_b); }
  constexpr int64_t y() const { return volume(rank, dims); }
  constexpr bool valid() const { return rank >= 0 && rank <= kMaxRank; }
};

/// A dense side over dims and a strided side that lies in a buffer of `total` elements from `offset` on.
struct Strided {
  int64_t rank, dims[kMaxRank], strides[kMaxRank], offset, total;
  constexpr int64_t dense() const { return volume(rank, dims); }
  constexpr bool valid() const {
    if (rank < 0 || rank > kMaxRank || offset < 0 || total < 0) return false;
    int64_t reach = span(rank, dims, strides);
    return reach >= 0 && reach <= total && offset <= total - reach;
  }
};

}  // namespace convcore
