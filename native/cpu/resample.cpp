#include "../pixel.h"
#include "indices.h"
#include "kernels.h"
#include "reduction.h"

namespace convcore::cpu::ISA {
namespace {

/// Rows whose elements are neighbours in memory.
template <class T, class C>
void along_rows(int64_t outer, int64_t input, int64_t output, int64_t taps, const T* x, const int32_t* first,
                const C* weights, T* y) {
  parallel_range(outer, at_least_one(kGrain / (output * taps)), [=](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o)
      for (int64_t i = 0; i < output; ++i) {
        const T* from = x + o * input + first[i];
        const C* w = weights + i * taps;
        C sum = 0;
        for (int64_t t = 0; t < taps; ++t) sum += w[t] * static_cast<C>(from[t]);
        y[o * output + i] = to_element<T>(sum);
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
