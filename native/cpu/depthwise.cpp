#include "depthwise.h"

#include "../scratch.h"
#include "depthwise_tile.h"

namespace convcore::cpu::ISA {
namespace {

/// A convolution whose outputs are y_step pixels apart, and x_step in its input.
template <class T>
struct Problem {
  const T* x;
  int64_t channels, x_step, y_step;
  Filters<T> one, several;  // pixels at once

  static int64_t room(int64_t channels, int64_t taps) { return (taps + 1) * (2 * channels + kLanesOf<T>); }

  /// `filters` has `room` elements.
  Problem(const T* x, int64_t channels, int64_t taps, int64_t x_step, int64_t y_step, const T* weight, const T* bias,
          T* filters)
      : x(x), channels(channels), x_step(x_step), y_step(y_step) {
    const int64_t pixels = y_step == 1 ? pixels_at_once<T>(channels, x_step) : 1;
    several = one = spread_filters(1, channels, taps, weight, bias, filters);
    if (pixels > 1) several = spread_filters(pixels, channels, taps, weight, bias, filters + (taps + 1) * channels);
  }

  /// The row's outputs; the first one is at y.
  void run(const Row& row, T* y) const {
    const auto [begin, end] = row.inside();
    for (int64_t column = 0; column < begin; ++column) border(row, column, y);
    const int64_t rest = begin + (end - begin) / several.pixels * several.pixels;
    tiles(several, row, begin, rest, y);
    tiles(one, row, rest, end, y);
    for (int64_t column = end; column < row.columns; ++column) border(row, column, y);
  }

 private:
  Tile<T> tile(int64_t column, int64_t pixels, T* y) const {
    const int64_t x_pixel = x_step * channels, y_pixel = y_step * channels;
    return {x, y + column * y_pixel, column * x_pixel, pixels * x_pixel, pixels * y_pixel};
  }

  void border(const Row& row, int64_t column, T* y) const {
    one.compute[0](one, row.taps + row.count, row.list(column), tile(column, 1, y));
  }

  /// Columns [begin, end).
  void tiles(const Filters<T>& filters, const Row& row, int64_t begin, int64_t end, T* y) const {
    const int64_t all = (end - begin) / filters.pixels;
    if (all == 0) return;
    const int64_t size = divide_up(all, divide_up(all, kColumns));
    for (int64_t i = 0; i < all; i += size)
      filters.compute[lesser(size, all - i) - 1](filters, row.taps, row.count,
                                                 tile(begin + i * filters.pixels, filters.pixels, y));
  }
};

/// f(Row*, line) for each of `lines` rows, with room for the taps.
template <class F>
void for_each_line(int64_t lines, int64_t grain, int64_t taps, const Row& row, F f) {
  const int64_t jobs = divide_up(lines, grain), slots = lesser(thread_count(), jobs);
  Scratch scratch(slots * 2 * taps * int64_t{sizeof(Tap)});
  for_each_job(jobs, slots, [&](int64_t slot, int64_t job) {
    Row mine = row;
    mine.taps = scratch.as<Tap>() + slot * 2 * taps;
    for (int64_t line = job * grain; line < lesser(lines, (job + 1) * grain); ++line) f(&mine, line);
  });
}

/// f(tap row, row of y) for the rows that see row `line` of x.
template <class F>
[[gnu::always_inline]] inline void for_each_output_row(const Conv& p, int64_t line, F f) {
  const Axis planes = inward(p), rows = vertical(p);
  const int64_t plane = line / p.h, image = plane / p.d;
  for (int64_t t = 0; t < p.t; ++t) {
    const int64_t o = planes.output_at(plane % p.d, t);
    if (o < 0) continue;
    for (int64_t r = 0; r < p.r; ++r) {
      const int64_t row = rows.output_at(line % p.h, r);
      if (row >= 0) f(t * p.r + r, (image * p.o + o) * p.p + row);
    }
  }
}

/// The taps through which columns phase + j · stride_w of row `line` of x meet columns of y, in place of those in
/// `row`.
void list_taps_backward(const Conv& p, int64_t line, int64_t phase, Row* row) {
  row->count = 0;
  for_each_output_row(p, line, [&](int64_t tap_row, int64_t output_row) {
    for (int64_t s = 0; s < p.s; ++s) {
      const int64_t distance = phase + p.pad_w - s * p.dilation_w;
      if (distance % p.stride_w == 0) row->add(tap_row * p.s + s, output_row, distance / p.stride_w);
    }
  });
}

}  // namespace

void depthwise(const Conv& p, In x, In weight, OptIn bias, Out y) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t taps = p.t * p.r * p.s;
    Scratch filters(Problem<T>::room(p.c, taps) * int64_t{sizeof(T)});
    const Problem<T> problem(x.as<T>(), p.c, taps, p.stride_w, 1, weight.as<T>(), bias.as<T>(), filters.as<T>());
    const Row row{p.q, p.w, p.stride_w, p.c, nullptr, 0};
    for_each_line(p.n * p.o * p.p, rows_of_job(p, p.q), taps, row, [&](Row* row, int64_t line) {
      list_taps(p, line, row);
      problem.run(*row, y.as<T>() + line * p.q * p.c);
    });
  });
}

// A convolution of dy for each remainder of dx's columns modulo the stride.
void depthwise_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx) {
  dispatch_float(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t taps = p.t * p.r * p.s;
    Scratch filters(Problem<T>::room(p.c, taps) * int64_t{sizeof(T)});
    const Problem<T> problem(dy.as<T>(), p.c, taps, 1, p.stride_w, weight.as<T>(), bias.as<T>(), filters.as<T>());
    const Row row{p.w, p.q, 1, p.c, nullptr, 0};
    for_each_line(p.n * p.d * p.h, rows_of_job(p, p.w), taps, row, [&](Row* row, int64_t line) {
      for (int64_t phase = 0; phase < lesser(p.stride_w, p.w); ++phase) {
        row->columns = divide_up(p.w - phase, p.stride_w);
        list_taps_backward(p, line, phase, row);
        problem.run(*row, dx.as<T>() + (line * p.w + phase) * p.c);
      }
    });
  });
}

}  // namespace convcore::cpu::ISA
