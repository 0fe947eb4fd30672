// One axis of a sliding window: which output positions, input positions and taps meet.
#pragma once
#include <cstdint>

namespace convcore::cpu {
namespace {

/// Input position = output position · stride − pad + tap · dilation.
struct Axis {
  int64_t input, output, taps, stride, pad, dilation;

  /// The output positions [begin, end) whose tap lies inside the input.
  struct Range {
    int64_t begin, end;
  };
  Range outputs(int64_t tap) const {
    int64_t first = pad - tap * dilation, last = input - 1 + first;
    int64_t begin = first > 0 ? (first + stride - 1) / stride : 0, end = last < 0 ? 0 : last / stride + 1;
    return {begin, end < output ? end : output};
  }
  int64_t input_at(int64_t position, int64_t tap) const { return position * stride - pad + tap * dilation; }

  /// The output position that meets `position` through `tap`; −1 when there is none.
  int64_t output_at(int64_t position, int64_t tap) const {
    int64_t distance = position + pad - tap * dilation;
    return distance >= 0 && distance % stride == 0 && distance / stride < output ? distance / stride : -1;
  }
};

template <class Window>
Axis inward(const Window& p) {
  return {p.d, p.o, p.t, p.stride_d, p.pad_d, p.dilation_d};
}
template <class Window>
Axis vertical(const Window& p) {
  return {p.h, p.p, p.r, p.stride_h, p.pad_h, p.dilation_h};
}
template <class Window>
Axis horizontal(const Window& p) {
  return {p.w, p.q, p.s, p.stride_w, p.pad_w, p.dilation_w};
}

}  // namespace
}  // namespace convcore::cpu
