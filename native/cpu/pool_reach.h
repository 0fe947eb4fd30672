// The windows of a pooling, seen from the cells of its images.
#pragma once
#include <type_traits>

#include "../geometry.h"
#include "../scratch.h"
#include "lanes.h"
#include "reduction.h"

namespace convcore::cpu {
namespace {

/// The windows that reach one cell, along one axis: first, first + step and so on, where the step is the axis's.
struct Reach {
  uint32_t first, count;
};

/// From one such window to the next: dilation / gcd(dilation, stride).
[[gnu::always_inline]] inline int64_t reach_step(const PoolAxis& axis, bool adaptive) {
  if (adaptive) return 1;
  int64_t divisor = axis.dilation, rest = axis.stride % divisor;
  while (rest != 0) {
    const int64_t next = divisor % rest;
    divisor = rest;
    rest = next;
  }
  return axis.dilation / divisor;
}

[[gnu::always_inline]] inline Reach reach_of(const PoolAxis& axis, bool adaptive, int64_t step, int64_t cell) {
  int64_t first, end;
  if (adaptive) {
    first = cell * axis.output / axis.input;
    end = divide_up((cell + 1) * axis.output, axis.input);
  } else {
    const int64_t from = cell + axis.pad_before, before = from - (axis.taps - 1) * axis.dilation;
    end = lesser(axis.output, from / axis.stride + 1);
    first = before > 0 ? lesser(end, divide_up(before, axis.stride)) : 0;
    while (first < end && (from - first * axis.stride) % axis.dilation != 0) ++first;
  }
  return {static_cast<uint32_t>(first), static_cast<uint32_t>(divide_up(end - first, step))};
}

/// body(n), where an n of 1 or 2 is a constant, so that loops over so few are none.
template <class Body>
[[gnu::always_inline]] inline void with_few(int64_t n, Body body) {
  if (n == 1)
    body(std::integral_constant<int64_t, 1>{});
  else if (n == 2)
    body(std::integral_constant<int64_t, 2>{});
  else
    body(n);
}

/// dx = Σ term(width, i, window, cell) over the windows that reach a cell, in their order: the gradients of `width`
/// channels, a constant, that the window passes to the cell of its image; i is the place of their first in dy. Each
/// element of dx is written once, whole rows at a time.
template <class T, class Term>
[[gnu::always_inline]] inline void gather_windows(const Pool3d& g, T* dx, Term term) {
  const bool adaptive = g.adaptive;
  const int64_t width = g.w.input, rows = g.d.input * g.h.input;
  if (g.n * rows * width * g.c == 0) return;
  const int64_t outputs = g.d.output * g.h.output * g.w.output;
  const int64_t step_o = reach_step(g.d, adaptive), step_p = reach_step(g.h, adaptive),
                step_q = reach_step(g.w, adaptive);
  const Scratch scratch(width * int64_t{sizeof(Reach)});
  Reach* columns = scratch.as<Reach>();
  for (int64_t w = 0; w < width; ++w) columns[w] = reach_of(g.w, adaptive, step_q, w);

  // n_o planes and n_p rows of windows reach a row of cells, n_q columns of windows a cell. What the loops use is
  // local: they write through pointers that may point at anything a closure refers to.
  auto fill_row = [&](auto lanes, int64_t line, const Reach& planes, const Reach& lines, auto n_o, auto n_p) {
    constexpr int64_t kWidth = lanes.value;
    const int64_t channels = g.c, end = width, jump_q = step_q, jump_p = step_p * g.w.output,
                  jump_o = step_o * g.h.output * g.w.output, cells = line % rows * width,
                  corner = (planes.first * g.h.output + lines.first) * g.w.output,
                  image = line / rows * outputs * channels;
    const Reach* across = columns;
    const Term share = term;
    T* to = dx + line * width * channels;
    for (int64_t w = 0; w < end; ++w, to += channels)
      with_few(across[w].count, [=](auto n_q) {
        const int64_t first = corner + across[w].first;
        for_each_vector<kWidth>(channels, [=](int64_t c) {
          Lanes<T, kWidth> sum = {};
          for (int64_t o = 0; o < n_o; ++o)
            for (int64_t p = 0; p < n_p; ++p)
              for (int64_t q = 0; q < n_q; ++q) {
                const int64_t window = first + o * jump_o + p * jump_p + q * jump_q;
                sum += share(lanes, image + window * channels + c, window, cells + w);
              }
          store_lanes<kWidth>(to + c, sum);
        });
      });
  };
  with_width<T>(g.c, [&](auto lanes) {
    parallel_range(g.n * rows, at_least_one(kGrain / 4 / (width * g.c)), [&](int64_t begin, int64_t end) {
      for (int64_t line = begin; line < end; ++line) {
        const int64_t row = line % rows;
        const Reach planes = reach_of(g.d, adaptive, step_o, row / g.h.input);
        const Reach lines = reach_of(g.h, adaptive, step_p, row % g.h.input);
        if (planes.count == 1)
          with_few(lines.count,
                   [&](auto n_p) { fill_row(lanes, line, planes, lines, std::integral_constant<int64_t, 1>{}, n_p); });
        else
          fill_row(lanes, line, planes, lines, int64_t{planes.count}, int64_t{lines.count});
      }
    });
  });
}

}  // namespace
}  // namespace convcore::cpu
