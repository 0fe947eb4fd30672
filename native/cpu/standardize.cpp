#include "../buffer.h"
#include "kernels.h"
#include "reduction.h"

namespace convcore::cpu::ISA {

void standardize(int64_t outer, int64_t channels, int64_t inner, AnyIn x, In mean, In std, Out y) {
  dispatch_float(y.dtype, [&](auto zero) {
    using C = decltype(zero);
    const C *means = mean.as<C>(), *deviations = std.as<C>();
    dispatch_any(x.dtype, [&](auto element) {
      using T = decltype(element);
      const T* from = x.as<T>();
      C* to = y.as<C>();
      if (inner == 1)
        return parallel_range(outer, at_least_one(kGrain / at_least_one(channels)), [=](int64_t begin, int64_t end) {
          for (int64_t o = begin; o < end; ++o)
            for (int64_t c = 0, at = o * channels; c < channels; ++c, ++at)
              to[at] = (static_cast<C>(from[at]) - means[c]) / deviations[c];
        });
      parallel_range(outer * channels, at_least_one(kGrain / at_least_one(inner)), [=](int64_t begin, int64_t end) {
        for (int64_t plane = begin; plane < end; ++plane) {
          const C m = means[plane % channels], s = deviations[plane % channels];
          const T* row = from + plane * inner;
          for (int64_t i = 0; i < inner; ++i) to[plane * inner + i] = (static_cast<C>(row[i]) - m) / s;
        }
      });
    });
  });
}

}  // namespace convcore::cpu::ISA
