#include "conv_scatter.h"

#include <cstring>

#include "../scratch.h"
#include "microkernel.h"
#include "packing.h"
#include "sizes.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kBlocks = 8;  // jobs, of images and their rows, that are enough

/// Rows of dx with room for what windows reach beyond the left and right edge.
template <class T>
struct ScatterProblem {
  const Conv& p;
  const T *dy, *weight, *weight_end, *bias;
  T* dx;

  int64_t run() const { return p.s * p.c; }        // adjacent elements that a row of taps reaches
  int64_t columns() const { return p.r * run(); }  // of the product
  int64_t panels() const { return divide_up(columns(), kTileColumns<T>); }
  int64_t pitch() const { return panels() * kTileColumns<T>; }
  int64_t width() const {  // of a padded row of dx, in pixels
    const int64_t reached = (p.q - 1) * p.stride_w + p.s, needed = p.pad_w + p.w;
    return reached > needed ? reached : needed;
  }
};

/// gradients[q][r, s, c] = Σ over k of dy[q, k] · weight[k, r, s, c] of one row of dy.
template <class T>
void multiply_row(const ScatterProblem<T>& g, const T* dy, const T* filters, T* gradients) {
  static constexpr T zeros[kTileColumns<T>] = {};
  const int64_t groups = divide_up(g.p.q, kTileRows), tile = divide_up(g.p.q, groups);
  T* row[kTileRows];
  for (int64_t panel = 0; panel < g.panels(); ++panel) {
    const int64_t width = panel_width<T>(g.columns() - panel * kTileColumns<T>);
    const T* b = filters + panel * panel_size<T>(g.p.k);
    for (int64_t k = 0; k < g.p.k; k += kDepth)
      for (int64_t q = 0; q < g.p.q; q += tile) {
        const int64_t rows = lesser(tile, g.p.q - q);
        for (int64_t i = 0; i < rows; ++i) row[i] = gradients + (q + i) * g.pitch() + panel * kTileColumns<T>;
        const Factors<T> factors{lesser(kDepth, g.p.k - k), dy + q * g.p.k + k, g.p.k, b + k * width, width};
        microkernel_for<T, true>(width / kLanesOf<T>, rows)(factors, k == 0 ? zeros : nullptr, row, 0);
      }
  }
}

/// Rows [first, last) of the gradient of image n. `lines` has room for them, padded.
template <class T>
void scatter_rows(const ScatterProblem<T>& g, int64_t n, int64_t first, int64_t last, const T* filters, T* gradients,
                  T* lines) {
  const Conv& p = g.p;
  const int64_t line = g.width() * p.c, run = g.run();
  std::memset(lines, 0, static_cast<size_t>((last - first) * line) * sizeof(T));
  for (int64_t i = 0; i < p.p; ++i) {
    const int64_t top = i * p.stride_h - p.pad_h;
    if (top >= last || top + (p.r - 1) * p.dilation_h < first) continue;
    multiply_row(g, g.dy + (n * p.p + i) * p.q * p.k, filters, gradients);
    for (int64_t r = 0; r < p.r; ++r) {
      const int64_t h = top + r * p.dilation_h;
      if (h < first || h >= last) continue;
      T* to = lines + (h - first) * line;
      const T* from = gradients + r * run;
      for (int64_t q = 0; q < p.q; ++q, to += p.stride_w * p.c, from += g.pitch())
        for (int64_t e = 0; e < run; ++e) to[e] += from[e];
    }
  }
  for (int64_t h = first; h < last; ++h) {
    T* to = g.dx + (n * p.h + h) * p.w * p.c;
    const T* from = lines + (h - first) * line + p.pad_w * p.c;
    if (!g.bias) {
      std::memcpy(to, from, static_cast<size_t>(p.w * p.c) * sizeof(T));
      continue;
    }
    for (int64_t w = 0; w < p.w; ++w)
      for (int64_t c = 0; c < p.c; ++c) to[w * p.c + c] = from[w * p.c + c] + g.bias[c];
  }
}

}  // namespace

void scatter_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx) {
  dispatch_float(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    const ScatterProblem<T> g{p, dy.as<T>(), weight.as<T>(), weight.as<T>() + weight.count, bias.as<T>(), dx.as<T>()};
    const int64_t span = (p.r - 1) * p.dilation_h + 1;
    int64_t rows = divide_up(p.h, divide_up(kBlocks, p.n));
    if (rows < 2 * span) rows = lesser(p.h, 2 * span);  // neighbouring blocks both multiply the rows between them
    const int64_t blocks = divide_up(p.h, rows), jobs = p.n * blocks, slots = lesser(thread_count(), jobs);
    const int64_t filters = g.panels() * panel_size<T>(p.k), gradients = p.q * g.pitch();
    const int64_t work = round_up(gradients + rows * g.width() * p.c, 64);
    Scratch scratch((filters + slots * work) * int64_t{sizeof(T)});
    T *packed = scratch.as<T>(), *memory = packed + filters;
    const Matrix<T> matrix{g.weight, 0, g.columns(), g.weight_end};
    pack_panels(matrix.source(false), p.k, g.columns(), packed);
    for_each_job(jobs, slots, [&](int64_t slot, int64_t job) {
      const int64_t first = job % blocks * rows;
      T* mine = memory + slot * work;
      scatter_rows(g, job / blocks, first, lesser(p.h, first + rows), packed, mine, mine + gradients);
    });
  });
}

}  // namespace convcore::cpu::ISA
