// The windows of a pooling, seen from its outputs.
#pragma once
#include "../geometry.h"
#include "reduction.h"

namespace convcore::cpu {
namespace {

/// The taps [begin, end) of a window, along one axis, whose cells start + tap · dilation lie inside the image.
struct Taps {
  int64_t start, dilation, begin, end;

  [[gnu::always_inline]] Taps(const PoolAxis& axis, bool adaptive, int64_t i)
      : start(0), dilation(1), begin(0), end(0) {
    if (adaptive) {
      start = i * axis.input / axis.output;
      end = divide_up((i + 1) * axis.input, axis.output) - start;
      return;
    }
    start = i * axis.stride - axis.pad_before;
    dilation = axis.dilation;
    end = axis.taps;
    if (start < 0) begin = divide_up(-start, dilation);
    if (start + (end - 1) * dilation >= axis.input)
      end = start < axis.input ? divide_up(axis.input - start, dilation) : 0;
  }
  [[gnu::always_inline]] int64_t cell(int64_t tap) const { return start + tap * dilation; }
  [[gnu::always_inline]] int64_t count() const { return end > begin ? end - begin : 0; }
};

/// The window of one output position.
struct Window {
  const Pool3d& pool;
  Taps planes, rows, columns;

  [[gnu::always_inline]] int64_t count() const { return planes.count() * rows.count() * columns.count(); }

  /// The first cell inside the image.
  [[gnu::always_inline]] int64_t first() const { return line(planes.begin, rows.begin) + columns.cell(columns.begin); }

  /// body(cell − first) for every cell inside the image, row by row.
  template <class Body>
  [[gnu::always_inline]] void for_each_cell(Body body) const {
    const int64_t from = line(planes.begin, rows.begin);
    for (int64_t t = planes.begin; t < planes.end; ++t)
      for (int64_t r = rows.begin; r < rows.end; ++r) {
        const int64_t row = line(t, r) - from;
        for (int64_t s = 0; s < columns.count(); ++s) body(row + s * columns.dilation);
      }
  }

 private:
  [[gnu::always_inline]] int64_t line(int64_t t, int64_t r) const {
    return (planes.cell(t) * pool.h.input + rows.cell(r)) * pool.w.input;
  }
};

/// A window of kTaps by kTaps cells without gaps, all of them inside the image.
template <int kTaps>
struct Square {
  int64_t width;  // of the image

  /// body(cell − first), row by row, as straight code.
  template <class Body>
  [[gnu::always_inline]] void for_each_cell(Body body) const {
#pragma GCC unroll 9
    for (int tap = 0; tap < kTaps * kTaps; ++tap) body(tap / kTaps * width + tap % kTaps);
  }
};

/// Output positions begin.q to end of one row; the position `begin` is the i-th of all.
struct Segment {
  int64_t image, i, begin, end;
  Taps planes, rows;
};

/// body(segment) for every output position, in pieces of rows.
template <class Body>
[[gnu::always_inline]] inline void for_each_segment(const Pool3d& g, Body body) {
  const int64_t work = g.c * lesser(g.d.taps, g.d.input) * lesser(g.h.taps, g.h.input) * lesser(g.w.taps, g.w.input);
  const int64_t outputs = g.d.output * g.h.output * g.w.output;
  if (g.n * outputs * g.c == 0) return;
  parallel_range(g.n * outputs, at_least_one(kGrain / at_least_one(work)), [&](int64_t i, int64_t end) {
    const int64_t line = i / g.w.output, plane = line / g.h.output;
    int64_t image = plane / g.d.output, o = plane % g.d.output, p = line % g.h.output, q = i % g.w.output;
    while (i < end) {
      const int64_t length = lesser(g.w.output - q, end - i);
      body(Segment{image, i, q, q + length, Taps(g.d, g.adaptive, o), Taps(g.h, g.adaptive, p)});
      i += length;
      q = 0;
      if (++p < g.h.output) continue;
      p = 0;
      if (++o < g.d.output) continue;
      o = 0;
      ++image;
    }
  });
}

/// The columns of a segment whose windows are squares of kTaps, [begin, end); none if its rows are cut off.
template <int kTaps>
struct Squares {
  int64_t begin, end;

  [[gnu::always_inline]] Squares(const Pool3d& g, const Segment& segment) : begin(segment.end), end(segment.end) {
    const PoolAxis &h = g.h, &w = g.w;
    if (g.adaptive || h.taps != kTaps || w.taps != kTaps || h.dilation != 1 || w.dilation != 1) return;
    if (g.d.taps != 1 || segment.rows.count() != kTaps || w.input < kTaps) return;
    const int64_t whole = (w.input - kTaps + w.pad_before) / w.stride + 1;
    const int64_t first = divide_up(w.pad_before, w.stride);
    begin = first < segment.begin ? segment.begin : lesser(first, segment.end);
    end = whole < begin ? begin : lesser(whole, segment.end);
  }
};

/// edge(i, window) for the output positions of a segment, the i-th ones of all, or square(i, cells, first), where
/// `first` is the first cell, for those whose windows are squares of kTaps.
template <int kTaps, class EdgeBody, class SquareBody>
[[gnu::always_inline]] inline void for_each_window(const Pool3d& g, const Segment& segment, EdgeBody edge,
                                                   SquareBody square) {
  const Squares<kTaps> squares(g, segment);
  auto edges = [&](int64_t begin, int64_t end) {
    for (int64_t q = begin; q < end; ++q)
      edge(segment.i + q - segment.begin, Window{g, segment.planes, segment.rows, Taps(g.w, g.adaptive, q)});
  };
  edges(segment.begin, squares.begin);
  const int64_t line = (segment.planes.cell(segment.planes.begin) * g.h.input + segment.rows.start) * g.w.input;
  for (int64_t q = squares.begin; q < squares.end; ++q)
    square(segment.i + q - segment.begin, Square<kTaps>{g.w.input}, line + q * g.w.stride - g.w.pad_before);
  edges(squares.end, segment.end);
}

}  // namespace
}  // namespace convcore::cpu
