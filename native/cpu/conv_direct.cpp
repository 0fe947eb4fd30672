#include "conv_direct.h"

#include "../scratch.h"
#include "microkernel.h"
#include "packing.h"
#include "padded.h"
#include "phase_weight.h"

namespace convcore::cpu::ISA {
namespace {

/// Row p of image n begins at data + n · image + p · line; its pixels are `pixel` elements apart.
template <class T>
struct Rows {
  T* data;
  int64_t image, line, pixel;
};

/// y[n, p, q, k] = bias[k] + Σ x[n, p · stride_h + r · dilation_h − pad_h, q · stride_w + s − pad_w, c] · w(r, s, c,
/// k), which a phase of the gradient of the images is too, with dy for x.
template <class T>
struct Problem {
  PaddedRows<T> x;
  int64_t n, p, q, k, r, s, stride_h, stride_w, dilation_h;
  const T* bias;
  Rows<T> y;
  Source<T> filters;            // [r, s, c] × k
  const T* panels = nullptr;    // the same as pack_panels leaves it, in place of filters
  const T* residual = nullptr;  // added to y, where it lies as y does
  bool relu = false;            // max(y, 0) follows

  int64_t line() const { return s * x.channels; }
  int64_t depth() const { return r * line(); }
};

/// One row of y, `columns` filters of one panel: x begins at the row's first pixel.
template <class T>
void compute_row(const Problem<T>& g, const T* x, const T* filters, const T* bias, int64_t columns, T* y,
                 Ahead<T>& next) {
  const int64_t groups = divide_up(g.q, kTileRows), tile = divide_up(g.q, groups), width = panel_width<T>(columns);
  for (int64_t q = 0; q < g.q; q += tile) {
    const int64_t rows = lesser(tile, g.q - q), pixel = g.stride_w * g.x.channels;
    const Factors<T> factors{
        g.line(), x + q * pixel, pixel, filters, width, g.r, g.dilation_h * g.x.pitch(), next.take(g.r * g.line())};
    const auto multiply = microkernel_for<T, true>(width / kLanesOf<T>, rows);
    T *row[kTileRows], *to = y + q * g.y.pixel;
    T edge[kTileRows * kTileColumns<T>];
    const bool whole = columns == width;
    for (int64_t i = 0; i < rows; ++i) row[i] = whole ? to + i * g.y.pixel : edge + i * width;
    multiply(factors, bias, row, 0);
    if (g.relu || g.residual)
      for (int64_t i = 0; i < rows; ++i)
        finish_row(row[i], g.residual ? g.residual + (to - g.y.data) + i * g.y.pixel : nullptr, g.relu, columns);
    if (!whole)
      for (int64_t i = 0; i < rows; ++i)
        std::memcpy(to + i * g.y.pixel, row[i], static_cast<size_t>(columns) * sizeof(T));
  }
}

constexpr int64_t kRowBytes = 128 << 10;  // of the padded rows that a job copies
constexpr double kRowsWork = 1 << 18;     // multiply-adds of a job

template <class T>
void run(const Problem<T>& g) {
  const int64_t panels = divide_up(g.k, kTileColumns<T>), panel_size = convcore::cpu::ISA::panel_size<T>(g.depth());
  const int64_t span = g.r > 0 ? (g.r - 1) * g.dilation_h + 1 : 0, pitch = g.x.pitch();  // no tap: the bias alone
  int64_t rows = divide_up(g.p, 1 + static_cast<int64_t>(1.0 * g.p * g.q * g.k * g.depth() / kRowsWork));
  while (rows > 1 && ((rows - 1) * g.stride_h + span) * pitch * int64_t{sizeof(T)} > kRowBytes) --rows;
  const int64_t blocks = divide_up(g.p, rows), jobs = g.n * blocks, slots = lesser(thread_count(), jobs);
  const int64_t lines = (rows - 1) * g.stride_h + span, buffer = g.x.plain() ? 0 : round_up(lines * pitch, 64);
  const int64_t packed = g.panels ? 0 : panels * panel_size;
  Scratch scratch((packed + round_up(g.k, kTileColumns<T>) + slots * buffer) * int64_t{sizeof(T)});
  T *bias = scratch.as<T>() + packed, *copies = bias + round_up(g.k, kTileColumns<T>);
  const T* filters = g.panels ? g.panels : scratch.as<T>();
  for (int64_t k = 0; k < round_up(g.k, kTileColumns<T>); ++k) bias[k] = g.bias && k < g.k ? g.bias[k] : T(0);
  if (!g.panels) pack_panels(g.filters, g.depth(), g.k, scratch.as<T>());
  // The rows of job `job`, where they lie in memory.
  const auto rows_ahead = [&](int64_t job) {
    return job < jobs ? g.x.stretch(job / blocks, job % blocks * rows * g.stride_h, lines) : Ahead<T>();
  };
  for_each_job(jobs, slots, [&](int64_t slot, int64_t job) {
    const int64_t n = job / blocks, first = job % blocks * rows, last = lesser(g.p, first + rows);
    const T* x = g.x.plain() ? g.x.at(n, first * g.stride_h) : copies + slot * buffer;
    if (buffer) g.x.copy(n, first * g.stride_h, (last - 1 - first) * g.stride_h + span, copies + slot * buffer);
    Ahead<T> next = rows_ahead(job + 1);
    for (int64_t p = first; p < last; ++p)
      for (int64_t panel = 0; panel < panels; ++panel) {
        const int64_t k = panel * kTileColumns<T>, columns = lesser(kTileColumns<T>, g.k - k);
        compute_row(g, x + (p - first) * g.stride_h * pitch, filters + panel * panel_size, bias + k, columns,
                    g.y.data + n * g.y.image + p * g.y.line + k, next);
      }
  });
}

/// All but the filters.
template <class T>
Problem<T> forward_problem(const Conv& p, const In& x, const OptIn& bias, const Out& y) {
  return {padded_rows(p, x.as<T>()),
          p.n,
          p.p,
          p.q,
          p.k,
          p.r,
          p.s,
          p.stride_h,
          p.stride_w,
          p.dilation_h,
          bias.as<T>(),
          {y.as<T>(), p.p * p.q * p.k, p.q * p.k, p.k},
          {}};
}

}  // namespace

void direct(const Conv& p, In x, In weight, OptIn bias, Out y) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Matrix<T> filters{weight.as<T>(), 0, p.r * p.s * p.c, weight.as<T>() + weight.count};
    Problem<T> g = forward_problem<T>(p, x, bias, y);
    g.filters = filters.source(true);
    run(g);
  });
}

void direct_prepared(const Conv& p, bool relu, In x, const void* panels, OptIn bias, OptIn residual, Out y) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    Problem<T> g = forward_problem<T>(p, x, bias, y);
    g.panels = static_cast<const T*>(panels);
    g.residual = residual.as<T>();
    g.relu = relu;
    run(g);
  });
}

void direct_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx) {
  dispatch_float(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t line = p.w * p.c;
    const Phase plane(0, inward(p));
    for (int64_t i = 0; i < p.stride_h && i < p.h; ++i)
      for (int64_t j = 0; j < p.stride_w && j < p.w; ++j) {
        const Phase v(i, vertical(p)), h(j, horizontal(p));
        const PaddedRows<T> rows{dy.as<T>(),
                                 p.p,
                                 p.q,
                                 p.k,
                                 -v.origin,
                                 -h.origin,
                                 v.positions + (v.taps - 1) * v.shift,
                                 h.positions - 1 + h.taps};
        const PhaseWeight<T> filters{p, weight.as<T>(), weight.as<T>() + weight.count, plane, v, h};
        run(Problem<T>{rows,
                       p.n,
                       v.positions,
                       h.positions,
                       p.c,
                       v.taps,
                       h.taps,
                       1,
                       1,
                       v.shift,
                       bias.as<T>(),
                       {dx.as<T>() + i * line + j * p.c, p.h * line, p.stride_h * line, p.stride_w * p.c},
                       filters.source()});
      }
  });
}

}  // namespace convcore::cpu::ISA
