#include "../pixel.h"
#include "indices.h"
#include "kernels.h"
#include "reduction.h"
#include "transpose.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kRows = 16;   // rows that are worked on side by side
constexpr int64_t kSpan = 256;  // and how many cells of each at a time

/// to[c][r] = from[r][c], zero where from has no row r: bytes by squares in registers.
template <class T, class C>
[[gnu::always_inline]] inline void into_lines(int64_t rows, int64_t columns, const T* from, int64_t stride,
                                              C (*to)[kRows]) {
  int64_t c = 0;
  if constexpr (sizeof(T) == 1)
    for (T square[kRows][kRows]; rows == kRows && c + kRows <= columns; c += kRows) {
      transpose_square<T, kRows>(from + c, stride, square[0], kRows);
      for (int64_t i = 0; i < kRows; ++i)
        for (int64_t r = 0; r < kRows; ++r) to[c + i][r] = static_cast<C>(square[i][r]);
    }
  for (int64_t r = 0; r < kRows; ++r)
    for (int64_t i = c; i < columns; ++i) to[i][r] = r < rows ? static_cast<C>(from[r * stride + i]) : C(0);
}

/// to[r][c] = from[c][r]
template <class T>
[[gnu::always_inline]] inline void into_rows(int64_t rows, int64_t columns, const T (*from)[kRows], T* to,
                                             int64_t stride) {
  int64_t c = 0;
  if constexpr (sizeof(T) == 1)
    for (; rows == kRows && c + kRows <= columns; c += kRows)
      transpose_square<T, kRows>(from[c], kRows, to + c, stride);
  for (; c < columns; ++c)
    for (int64_t r = 0; r < rows; ++r) to[r * stride + c] = from[c][r];
}

/// Outputs [begin, end), kSpan at most, of up to kRows rows, from their cells [low, high).
template <class T, class C>
[[gnu::always_inline]] inline void of_tile(int64_t rows, int64_t input, int64_t output, int64_t taps, int64_t begin,
                                           int64_t end, int64_t low, int64_t high, const T* x, const int32_t* first,
                                           const C* weights, T* y) {
  C tile[kSpan][kRows];
  T results[kSpan][kRows];
  into_lines(rows, high - low, x + low, input, tile);
  for (int64_t i = begin; i < end; ++i) {
    C sums[kRows] = {};
    for (int64_t t = 0; t < taps; ++t) {
      const C weight = weights[i * taps + t], *line = tile[first[i] - low + t];
      for (int64_t r = 0; r < kRows; ++r) sums[r] += weight * line[r];
    }
    for (int64_t r = 0; r < kRows; ++r) results[i - begin][r] = to_element<T>(sums[r]);
  }
  into_rows(rows, end - begin, results, y + begin, output);
}

/// Rows whose elements are neighbours in memory.
template <class T, class C>
void along_rows(int64_t outer, int64_t input, int64_t output, int64_t taps, const T* x, const int32_t* first,
                const C* weights, T* y) {
  const int64_t grain = at_least_one(kGrain / kRows / (input + output));
  parallel_range(divide_up(outer, kRows), grain, [=](int64_t block, int64_t last) {
    for (; block < last; ++block) {
      const int64_t row = block * kRows, rows = lesser(kRows, outer - row);
      const T* from = x + row * input;
      T* to = y + row * output;
      for (int64_t begin = 0, end; begin < output; begin = end) {
        int64_t low = first[begin], high = low + taps;
        end = begin + 1;
        for (; end < output && end - begin < kSpan; ++end) {
          const int64_t l = lesser(low, first[end]), h = first[end] + taps > high ? first[end] + taps : high;
          if (h - l > kSpan) break;
          low = l, high = h;
        }
        if (taps <= kSpan) {
          of_tile<T, C>(rows, input, output, taps, begin, end, low, high, from, first, weights, to);
          continue;
        }
        for (int64_t r = 0; r < rows; ++r) {
          C sum = 0;
          for (int64_t t = 0; t < taps; ++t)
            sum += weights[begin * taps + t] * static_cast<C>(from[r * input + low + t]);
          to[r * output + begin] = to_element<T>(sum);
        }
      }
    }
  });
}

/// Lines of `inner` elements that are added up side by side.
template <class T, class C>
void along_lines(int64_t outer, int64_t input, int64_t output, int64_t inner, int64_t taps, const T* x,
                 const int32_t* first, const C* weights, T* y) {
  parallel_range(outer * output, at_least_one(kGrain / (inner * taps)), [=](int64_t begin, int64_t end) {
    for (int64_t line = begin; line < end; ++line) {
      const int64_t i = line % output;
      const T* from = x + (line / output * input + first[i]) * inner;
      for (int64_t c = 0; c < inner; c += kTile) {
        const int64_t width = lesser(kTile, inner - c);
        C sums[kTile] = {};
        for (int64_t t = 0; t < taps; ++t) {
          const C weight = weights[i * taps + t];
          const T* row = from + t * inner + c;
          for (int64_t k = 0; k < width; ++k) sums[k] += weight * static_cast<C>(row[k]);
        }
        for (int64_t k = 0; k < width; ++k) y[line * inner + c + k] = to_element<T>(sums[k]);
      }
    }
  });
}

}  // namespace

void resample(int64_t outer, int64_t input, int64_t output, int64_t inner, int64_t taps, AnyIn x, IndexIn first,
              In weights, AnyOut y) {
  expect_computed(weights, x.dtype, "weights");
  check_indices(first, input - taps + 1);
  auto run = [&](auto element, auto computed) {
    using T = decltype(element);
    using C = decltype(computed);
    const T* from = x.as<T>();
    const C* weight = weights.as<C>();
    if (inner == 1)
      along_rows<T, C>(outer, input, output, taps, from, first.as<int32_t>(), weight, y.as<T>());
    else
      along_lines<T, C>(outer, input, output, inner, taps, from, first.as<int32_t>(), weight, y.as<T>());
  };
  if (x.dtype == DType::UInt8) return run(uint8_t{}, float{});
  dispatch_float(x.dtype, [&](auto zero) { run(zero, zero); });
}

}  // namespace convcore::cpu::ISA
