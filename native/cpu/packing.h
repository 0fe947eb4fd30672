// Panels of A and B in the order in which the microkernel reads them.
#pragma once
#include "gemm.h"
#include "microkernel.h"
#include "sizes.h"
#include "transpose.h"

namespace convcore::cpu::ISA {
namespace {

static_assert(kDepth <= kMaxColumns);

/// B is packed in strips of this depth over all panels, so that memory is read row after row; it is also the depth of
/// one transposition.
constexpr int64_t kStrip = 64;

/// A panel of B is [depth][width], one or two vectors wide.
template <class T>
int64_t panel_width(int64_t columns) {
  return columns > kLanesOf<T> ? kTileColumns<T> : kLanesOf<T>;
}

/// Elements of a panel, with room for what transposing and copying overrun.
template <class T>
int64_t panel_size(int64_t depth) {
  return (depth + kLanesOf<T>)*kTileColumns<T>;
}

template <class T>
int64_t panels_of(int64_t columns) {
  return divide_up(columns, kTileColumns<T>);
}

/// A panel: up to kTileRows rows from `row` on, by rows or, when A is stored transposed, by columns.
template <class T>
void pack_a(const Gemm<T>& g, int64_t item, int64_t row, int64_t rows, int64_t from, int64_t depth, T* to) {
  if (g.a.transposed)
    g.a.copy(g.a.self, item, {from, depth, row, rows}, to, kTileRows);
  else
    g.a.copy(g.a.self, item, {row, rows, from, depth}, to, kPanelStride<T>);
}

template <class T>
void transpose(const T* from, int64_t from_stride, int64_t depth, T* to, int64_t width) {
  for (int64_t l = 0; l < depth; l += kLanesOf<T>)
    for (int64_t j = 0; j < width; j += kLanesOf<T>)
      transpose_square(from + j * from_stride + l, from_stride, to + l * width + j, width);
}

template <class T>
void pack_transposed(const Source<T>& b, int64_t item, const Part& part, T* to, int64_t width) {
  constexpr int64_t lanes = kLanesOf<T>;
  if (b.data && part.columns == width && part.rows % lanes == 0)
    return transpose(b.at(item, part.row, part.column), b.stride, part.rows, to, width);
  T strip[kTileColumns<T> * kStrip + lanes];
  for (int64_t i = part.columns * kStrip; i < width * kStrip; ++i) strip[i] = 0;
  b.copy(b.self, item, {part.column, part.columns, part.row, part.rows}, strip, kStrip);
  transpose(strip, kStrip, part.rows, to, width);
}

/// One strip of one panel of B: the part's rows are its depth. Columns that fill up its last vector are zero.
template <class T>
void pack_b(const Source<T>& b, int64_t item, const Part& part, T* to, int64_t width) {
  if (b.transposed) return pack_transposed(b, item, part, to, width);
  b.copy(b.self, item, part, to, width);
  if (part.columns < width)
    for (int64_t l = 0; l < part.rows; ++l)
      for (int64_t j = part.columns; j < width; ++j) to[l * width + j] = 0;
}

/// What follows a product: c + residual, if there is one, or max(of that, 0), where NaN stays.
template <class T>
void finish_row(T* __restrict c, const T* __restrict residual, bool relu, int64_t n) {
  if (residual)
    for (int64_t i = 0; i < n; ++i) c[i] += residual[i];
  if (relu)
    for (int64_t i = 0; i < n; ++i) c[i] = c[i] < 0 ? 0 : c[i];
}

/// All of B [depth][columns] in panels, panel_size elements apart.
template <class T>
void pack_panels(const Source<T>& b, int64_t depth, int64_t columns, T* to) {
  parallel(panels_of<T>(columns), [&](int64_t panel) {
    const int64_t column = panel * kTileColumns<T>, count = lesser(kTileColumns<T>, columns - column);
    const int64_t width = panel_width<T>(count);
    for (int64_t from = 0; from < depth; from += kStrip)
      pack_b(b, 0, {from, lesser(kStrip, depth - from), column, count},
             to + panel * panel_size<T>(depth) + from * width, width);
  });
}

}  // namespace
}  // namespace convcore::cpu::ISA
