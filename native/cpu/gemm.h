// C = A · B + bias. The factors are packed block by block from sources, which need not exist as matrices: a convolution
// packs straight from its images.
#pragma once
#include "ahead.h"
#include "grid.h"
#include "kernels.h"
#include "vector.h"

namespace convcore::cpu::ISA {

/// Columns of the widest part that is ever asked of a source.
constexpr int64_t kMaxColumns = 256;

/// A block of a matrix.
struct Part {
  int64_t row, rows, column, columns;
};

/// A factor: one matrix per item, read block by block. A transposed one is stored with its axes exchanged.
template <class T>
struct Source {
  const void* self;
  /// Copies a part to `to`, row after row, `stride` elements apart. May write up to kLanesOf<T> − 1 elements past the
  /// end of each row.
  void (*copy)(const void* self, int64_t item, const Part& part, T* to, int64_t stride);
  bool transposed;
  /// Where the matrix lies in memory as it is: that of item t at data + t · item, its rows `stride` elements apart.
  const T* data = nullptr;
  int64_t item = 0, stride = 0;
  /// Of any other source: the stretch of memory that holds all that a part's rows are read from, or null.
  Ahead<T> (*stretch)(const void* self, int64_t row, int64_t rows) = nullptr;

  const T* at(int64_t t, int64_t row, int64_t column) const {
    return data + t * item + (transposed ? column * stride + row : row * stride + column);
  }
};

/// Row (n, d, i, j) of item t begins at data + t·item + n·image + d·plane + i·line + j·pixel; its elements are
/// adjacent.
template <class T>
struct Target {
  T* data;
  Grid grid;
  int64_t item, image, plane, line, pixel;

  T* row(int64_t t, const Position& at) const {
    return data + t * item + at.n * image + at.d * plane + at.i * line + at.j * pixel;
  }
};

/// `items` products C[m×n] = A[m×k] · B[k×n] + bias[n].
template <class T>
struct Gemm {
  int64_t items, m, n, k;
  Source<T> a, b;
  const T* bias;  // or null
  int64_t bias_item;
  Target<T> c;
  const T* panels = nullptr;    // B as pack_panels leaves it, of the only item, in place of b
  const T* residual = nullptr;  // added to C, where it lies as C does
  bool relu = false;            // max(C, 0) follows
};

/// The same bits for any number of threads: every sum is split by the sizes alone.
[[gnu::visibility("hidden")]] void gemm(const Gemm<float>& g);
[[gnu::visibility("hidden")]] void gemm(const Gemm<double>& g);

namespace {

/// Matrices in memory: element (row, column) of item t is data[t·item + row·stride + column].
template <class T>
struct Matrix {
  const T* data;
  int64_t item, stride;
  const T* end;  // of the whole buffer

  static void copy(const void* self, int64_t item, const Part& part, T* to, int64_t stride) {
    const auto& m = *static_cast<const Matrix*>(self);
    const T* from = m.data + item * m.item + part.row * m.stride + part.column;
    for (int64_t i = 0; i < part.rows; ++i, from += m.stride, to += stride) copy_over(to, from, part.columns, m.end);
  }
  Source<T> source(bool transposed) const { return {this, copy, transposed, data, item, stride}; }
};

/// Dense matrices with n columns.
template <class T>
Target<T> dense_target(T* data, int64_t m, int64_t n) {
  return {data, {1, 1, m}, m * n, m * n, m * n, m * n, n};
}

}  // namespace
}  // namespace convcore::cpu::ISA
