// What one row of outputs of a depthwise convolution reads.
#pragma once
#include <utility>

#include "axis.h"
#include "kernels.h"
#include "sizes.h"

namespace convcore::cpu::ISA {
namespace {

/// Output column j meets pixel at + j · step of a row of inputs through this tap; that row may end before it.
struct Tap {
  int64_t index;    // of the filter's taps
  int64_t at;       // pixel that column 0 meets
  int64_t element;  // at which that pixel begins, or would begin, counted over all images
};

/// The taps that a row of outputs meets. Elements of images are counted from their first.
struct Row {
  int64_t columns, input;  // pixels of a row of outputs, and of inputs
  int64_t step;            // in pixels of the inputs, from one column to the next
  int64_t channels;
  Tap* taps;  // room for all, twice
  int64_t count;

  void add(int64_t index, int64_t row, int64_t at) { taps[count++] = {index, at, (row * input + at) * channels}; }

  /// The columns [begin, end) at which all taps lie inside the inputs.
  std::pair<int64_t, int64_t> inside() const {
    int64_t begin = 0, end = columns;
    for (const Tap* tap = taps; tap < taps + count; ++tap) {
      const int64_t first = tap->at < 0 ? divide_up(-tap->at, step) : 0;
      const int64_t last = tap->at < input ? (input - 1 - tap->at) / step : -1;
      begin = first > begin ? first : begin;
      end = lesser(end, last + 1);
    }
    return begin < end ? std::make_pair(begin, end) : std::make_pair(int64_t{0}, int64_t{0});
  }

  /// Lists the taps that lie inside the inputs at a column, behind all; their number.
  int64_t list(int64_t column) const {
    int64_t found = 0;
    for (const Tap* tap = taps; tap < taps + count; ++tap) {
      const int64_t pixel = tap->at + column * step;
      if (pixel >= 0 && pixel < input) taps[count + found++] = *tap;
    }
    return found;
  }
};

constexpr double kDepthwiseWork = 1 << 18;  // multiply-adds of a job

/// Rows of `columns` outputs that make a job.
inline int64_t rows_of_job(const Conv& p, int64_t columns) {
  return 1 + static_cast<int64_t>(kDepthwiseWork / (1.0 * (columns + 1) * p.c * p.t * p.r * p.s));
}

/// f(tap row, row of x) for the rows that row `line` of y sees, both counted over all images and planes.
template <class F>
[[gnu::always_inline]] inline void for_each_input_row(const Conv& p, int64_t line, F f) {
  const Axis planes = inward(p), rows = vertical(p);
  const int64_t plane = line / p.p, image = plane / p.o;
  for (int64_t t = 0; t < p.t; ++t) {
    const int64_t d = planes.input_at(plane % p.o, t);
    if (d < 0 || d >= p.d) continue;
    for (int64_t r = 0; r < p.r; ++r) {
      const int64_t h = rows.input_at(line % p.p, r);
      if (h >= 0 && h < p.h) f(t * p.r + r, (image * p.d + d) * p.h + h);
    }
  }
}

/// The taps of row `line` of y, in place of those in `row`.
inline void list_taps(const Conv& p, int64_t line, Row* row) {
  row->count = 0;
  for_each_input_row(p, line, [&](int64_t tap_row, int64_t input_row) {
    for (int64_t s = 0; s < p.s; ++s) row->add(tap_row * p.s + s, input_row, s * p.dilation_w - p.pad_w);
  });
}

}  // namespace
}  // namespace convcore::cpu::ISA
