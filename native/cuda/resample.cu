#include "kernels.h"
#include "pixels.h"

namespace convcore::cuda {
namespace {

template <class T, class C>
__global__ void resample_each(int64_t count, int64_t input, int64_t output, int64_t inner, int64_t taps, const T* x,
                              const int32_t* first, const C* weights, T* y) {
  for_each(count, [&](int64_t at) {
    const int64_t line = at / inner, i = line % output;
    const T* from = x + (line / output * input + first[i]) * inner + at % inner;
    C sum = 0;
    for (int64_t t = 0; t < taps; ++t) sum += weights[i * taps + t] * static_cast<C>(from[t * inner]);
    y[at] = to_element<T>(sum);
  });
}

}  // namespace

void resample(int64_t outer, int64_t input, int64_t output, int64_t inner, int64_t taps, AnyIn x, IndexIn first,
              In weights, AnyOut y) {
  expect_computed(weights, x.dtype, "weights");
  check_indices(first, input - taps + 1, "indices");
  dispatch_pixels(x.dtype, [&](auto element, auto computed) {
    using T = decltype(element);
    using C = decltype(computed);
    const int64_t count = outer * output * inner;
    launch(resample_each<T, C>, blocks_for(count), kThreads, 0, count, input, output, inner, taps,
           static_cast<const T*>(x.as<T>()), static_cast<const int32_t*>(first.as<int32_t>()),
           static_cast<const C*>(weights.as<C>()), y.as<T>());
  });
}

}  // namespace convcore::cuda
