// The matrix that im2col would write, as a source of gemm: one row per position of a grid over the images, one column
// per tap plane, tap row, tap column and channel.
#pragma once
#include "gemm.h"
#include "sizes.h"

namespace convcore::cpu::ISA {
namespace {

/// One axis: position i of the grid sees the pixels i · stride + origin + a · step, for a in [0, taps); those outside
/// [0, pixels) are 0.
struct View {
  int64_t pixels, stride, origin, step, taps;
};

/// Item t takes channels [t, t + 1) · item_channels.
template <class T>
struct Patches {
  const T *image, *end;
  int64_t channels, item_channels;
  Grid grid;
  View inward, vertical, horizontal;

  /// Of windows of one tap at stride 1 the images themselves are the matrix.
  Source<T> source() const {
    const bool plain =
        is_plain(inward, grid.depth) && is_plain(vertical, grid.height) && is_plain(horizontal, grid.width);
    if (!plain) return {this, copy, false, nullptr, 0, 0, item_channels == channels ? stretch : nullptr};
    return {this, copy_pixels, false, image, item_channels, channels};
  }

 private:
  static bool is_plain(const View& view, int64_t positions) {
    return view.taps == 1 && view.stride == 1 && view.origin == 0 && view.pixels == positions;
  }
  static void copy_pixels(const void* self, int64_t item, const Part& part, T* to, int64_t stride) {
    const auto& p = *static_cast<const Patches*>(self);
    const Matrix<T> pixels{p.image, p.item_channels, p.channels, p.end};
    Matrix<T>::copy(&pixels, item, part, to, stride);
  }

  /// The image rows from the first that the first position sees to the last that the last one does.
  static Ahead<T> stretch(const void* self, int64_t row, int64_t rows) {
    const auto& p = *static_cast<const Patches*>(self);
    const auto line = [&](const Position& at, int64_t d, int64_t h) {
      return ((at.n * p.inward.pixels + at.d * p.inward.stride + p.inward.origin + d * p.inward.step) *
                  p.vertical.pixels +
              at.i * p.vertical.stride + p.vertical.origin + h * p.vertical.step) *
             p.horizontal.pixels * p.channels;
    };
    const int64_t first = line(p.grid.at(row), 0, 0), begin = first > 0 ? first : 0;
    const int64_t end = line(p.grid.at(row + rows - 1), p.inward.taps - 1, p.vertical.taps);
    return {p.image + begin, lesser(end, p.end - p.image) - begin};
  }

  /// Adjacent elements of one image row: `length` from element `at` of pixel `w` on.
  struct Run {
    int64_t d, h, w, at, length;
  };

  /// Neighbouring taps of one tap row lie side by side in memory.
  bool merged() const { return horizontal.step == 1 && item_channels == channels; }

  int64_t list_runs(int64_t item, const Part& part, Run* runs) const {
    int64_t whole = merged() ? horizontal.taps * channels : item_channels, count = 0;
    for (int64_t column = part.column, end = part.column + part.columns; column < end; ++count) {
      int64_t index = column / whole, within = column % whole;
      int64_t length = whole - within < end - column ? whole - within : end - column;
      int64_t row = merged() ? index : index / horizontal.taps, tap = merged() ? 0 : index % horizontal.taps;
      runs[count] = {row / vertical.taps * inward.step, row % vertical.taps * vertical.step, tap * horizontal.step,
                     merged() ? within : item * item_channels + within, length};
      column += length;
    }
    return count;
  }

  void copy_run(const Run& run, const T* line, int64_t w, T* to) const {
    int64_t pixels = merged() ? horizontal.taps : 1;
    if (w >= horizontal.pixels || w + pixels <= 0) return zero_over(to, run.length);
    int64_t from = w * channels + run.at, row = horizontal.pixels * channels;
    if (from >= 0 && from + run.length <= row) return copy_over(to, line + from, run.length, end);
    auto clip = [&](int64_t i) { return i < 0 ? 0 : i < run.length ? i : run.length; };
    int64_t begin = clip(-from), stop = clip(row - from);
    zero_over(to, begin);
    copy_over(to + begin, line + from + begin, stop - begin, end);
    zero_over(to + stop, run.length - stop);
  }

  static void copy(const void* self, int64_t item, const Part& part, T* to, int64_t stride) {
    const auto& p = *static_cast<const Patches*>(self);
    if (part.rows == 0) return;  // an empty grid has no position to begin at
    Run runs[kMaxColumns];
    int64_t count = p.list_runs(item, part, runs);
    Position at = p.grid.at(part.row);
    for (int64_t i = 0; i < part.rows; ++i, to += stride, p.grid.advance(at)) {
      int64_t front = at.d * p.inward.stride + p.inward.origin, top = at.i * p.vertical.stride + p.vertical.origin,
              left = at.j * p.horizontal.stride + p.horizontal.origin;
      T* cell = to;
      for (int64_t r = 0; r < count; cell += runs[r++].length) {
        int64_t d = front + runs[r].d, h = top + runs[r].h;
        if (d < 0 || d >= p.inward.pixels || h < 0 || h >= p.vertical.pixels) {
          zero_over(cell, runs[r].length);
          continue;
        }
        int64_t line = (at.n * p.inward.pixels + d) * p.vertical.pixels + h;
        p.copy_run(runs[r], p.image + line * p.horizontal.pixels * p.channels, left + runs[r].w, cell);
      }
    }
  }
};

}  // namespace
}  // namespace convcore::cpu::ISA
