#include "kernels.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

template <class T, class C>
__global__ void standardize_each(int64_t count, int64_t channels, int64_t inner, const T* x, const C* mean,
                                 const C* std, C* y) {
  for_each(count, [&](int64_t i) {
    const int64_t c = i / inner % channels;
    y[i] = (static_cast<C>(x[i]) - mean[c]) / std[c];
  });
}

}  // namespace

void standardize(int64_t outer, int64_t channels, int64_t inner, AnyIn x, In mean, In std, Out y) {
  const int64_t count = outer * channels * inner;
  auto run = [&](auto computed) {
    using C = decltype(computed);
    dispatch_every(x.dtype, [&](auto element) {
      using T = decltype(element);
      launch(standardize_each<T, C>, blocks_for(count), kThreads, 0, count, channels, inner,
             static_cast<const T*>(x.as<T>()), static_cast<const C*>(mean.as<C>()), static_cast<const C*>(std.as<C>()),
             y.as<C>());
    });
  };
  if (y.dtype == DType::Float32) return run(float{});
  if (y.dtype == DType::Float64) return run(double{});
  fail("expected float32 or float64, got %s", name_of(y.dtype));
}

}  // namespace convcore::cuda
