#include "../warp.h"
#include "kernels.h"
#include "pixels.h"

namespace convcore::cuda {
namespace {

/// A place of y in all channels by one thread.
template <class T, class C>
__global__ void warp_each(Warp p, const T* x, const C* matrices, const C* fill, T* y) {
  const int h = static_cast<int>(p.h), w = static_cast<int>(p.w);
  for_each(p.n * p.p * p.q, [&](int64_t at) {
    const int64_t n = at / (p.p * p.q), place = at % (p.p * p.q);
    const int row = static_cast<int>(place / p.q), column = static_cast<int>(place % p.q);
    WarpMap<C> map;
    for (int i = 0; i < 6; ++i) map.m[i] = matrices[6 * n + i];
    const auto s = WarpSource<C>::at(map.row(row, column), map.column(row, column), h, w, p.mode == 1);
    for (int64_t c = 0; c < p.c; ++c) {
      const T* plane = x + (n * p.c + c) * p.h * p.w;
      const C outside = fill ? fill[n * p.c + c] : C(0);
      T& to = y[(n * p.c + c) * p.p * p.q + place];
      if (s.row < -1)
        to = to_element<T>(outside);
      else if (p.mode == 0)
        to = plane[static_cast<int64_t>(s.row) * w + s.column];
      else
        to = to_element<T>(bilinear_at(s, plane, h, w, fill != nullptr, outside,
                                       [](const T& value) { return static_cast<C>(value); }));
    }
  });
}

}  // namespace

void warp(const Warp& p, AnyIn x, In matrices, OptIn fill, AnyOut y) {
  expect_computed(matrices, x.dtype, "matrices");
  dispatch_pixels(x.dtype, [&](auto element, auto computed) {
    using T = decltype(element);
    using C = decltype(computed);
    launch(warp_each<T, C>, blocks_for(p.n * p.p * p.q), kThreads, 0, p, static_cast<const T*>(x.as<T>()),
           static_cast<const C*>(matrices.as<C>()), static_cast<const C*>(fill ? fill.as<C>() : nullptr), y.as<T>());
  });
}

}  // namespace convcore::cuda
