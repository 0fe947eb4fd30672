#include "../scratch.h"
#include "conv_direct.h"
#include "microkernel.h"
#include "padded.h"
#include "vector.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kMostPieces = 16;             // of the images, each with a sum of its own
constexpr int64_t kWeightRowBytes = 192 << 10;  // of the padded rows that are copied at a time

/// Sums over pieces of the images: dwᵀ[r, s · C + c, k], whose rows are `pitch` elements apart.
template <class T>
struct WeightProblem {
  PaddedRows<T> x;
  const T *dy, *dy_end;
  int64_t n, p, q, k, r, stride_h, stride_w, dilation_h, line;

  int64_t pitch() const { return round_up(k, kTileColumns<T>); }
  int64_t size() const { return r * line * pitch(); }
  int64_t span() const { return (r - 1) * dilation_h + 1; }
};

/// Adds what rows [first, first + rows) of image n give; x begins at their first padded row, and dy's row at `dy`,
/// whose pixels are `stride` elements apart.
template <class T>
void add_rows(const WeightProblem<T>& g, int64_t rows, const T* x, const T* dy, int64_t stride, T* sums) {
  const int64_t groups = divide_up(g.line, kTileRows), tile = divide_up(g.line, groups);
  T* row[kTileRows];
  for (int64_t k = 0; k < g.k; k += kTileColumns<T>) {
    const int64_t vectors = g.k - k > kLanesOf<T> ? kTileVectors : 1;
    for (int64_t r = 0; r < g.r; ++r)
      for (int64_t e = 0; e < g.line; e += tile) {
        const int64_t height = lesser(tile, g.line - e);
        for (int64_t i = 0; i < height; ++i) row[i] = sums + (r * g.line + e + i) * g.pitch() + k;
        const Factors<T> factors{g.q,
                                 x + r * g.dilation_h * g.x.pitch() + e,
                                 g.stride_w * g.x.channels,
                                 dy + k,
                                 stride,
                                 rows,
                                 g.stride_h * g.x.pitch()};
        microkernel_for<T, false>(vectors, height)(factors, nullptr, row, 0);
      }
  }
}

template <class T>
void run(const WeightProblem<T>& g, T* dweight) {
  const int64_t pieces = lesser(g.n, kMostPieces), images = divide_up(g.n, pieces);
  int64_t rows = lesser(g.p, divide_up(kDepth, g.q));  // of dy, whose products one call sums up
  while (rows > 1 && ((rows - 1) * g.stride_h + g.span()) * g.x.pitch() * int64_t{sizeof(T)} > kWeightRowBytes) --rows;
  // A vector of the last filters may reach past the end of dy; then its rows are copied to where they have room.
  const bool whole = g.k % kLanesOf<T> == 0;
  const int64_t lines = (rows - 1) * g.stride_h + g.span(), copy = round_up(lines * g.x.pitch(), 64);
  const int64_t stride = whole ? g.k : round_up(g.k, kLanesOf<T>), gradient = whole ? 0 : rows * g.q * stride;
  const int64_t slots = lesser(thread_count(), pieces);
  Scratch scratch((pieces * g.size() + slots * (copy + gradient)) * int64_t{sizeof(T)});
  T *sums = scratch.as<T>(), *work = sums + pieces * g.size();
  for_each_job(pieces, slots, [&](int64_t slot, int64_t piece) {
    T *sum = sums + piece * g.size(), *padded = work + slot * (copy + gradient), *wide = padded + copy;
    std::memset(sum, 0, static_cast<size_t>(g.size()) * sizeof(T));
    for (int64_t n = piece * images; n < lesser(g.n, (piece + 1) * images); ++n)
      for (int64_t p = 0; p < g.p; p += rows) {
        const int64_t count = lesser(rows, g.p - p);
        const T *x = padded, *dy = g.dy + (n * g.p + p) * g.q * g.k;
        if (g.x.plain())
          x = g.x.at(n, p * g.stride_h);
        else
          g.x.copy(n, p * g.stride_h, (count - 1) * g.stride_h + g.span(), padded);
        if (!whole) {
          for (int64_t i = 0; i < count * g.q; ++i) {
            for (int64_t k = g.k; k < stride; ++k) wide[i * stride + k] = 0;
            std::memcpy(wide + i * stride, dy + i * g.k, static_cast<size_t>(g.k) * sizeof(T));
          }
          dy = wide;
        }
        add_rows(g, count, x, dy, stride, sum);
      }
  });
  const int64_t depth = g.r * g.line;
  parallel_range(g.k, divide_up(4096, depth), [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k)
      for (int64_t i = 0; i < depth; ++i) {
        T sum = 0;
        for (int64_t piece = 0; piece < pieces; ++piece) sum += sums[piece * g.size() + i * g.pitch() + k];
        dweight[k * depth + i] = sum;
      }
  });
}

}  // namespace

// The images are split by their number alone, so that the sums' order never changes.
void direct_backward_weight(const Conv& p, In x, In dy, Out dweight) {
  dispatch_float(dweight.dtype, [&](auto zero) {
    using T = decltype(zero);
    const PaddedRows<T> rows = padded_rows(p, x.as<T>());
    run(WeightProblem<T>{rows, dy.as<T>(), dy.as<T>() + dy.count, p.n, p.p, p.q, p.k, p.r, p.stride_h, p.stride_w,
                         p.dilation_h, p.s * p.c},
        dweight.as<T>());
  });
}

}  // namespace convcore::cpu::ISA
