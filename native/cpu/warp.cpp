#include "../warp.h"

#include "kernels.h"
#include "reduction.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int kRun = 128;  // places of a row that are found together, for all channels

/// Whether a map only shifts and mirrors, by whole cells.
template <class C>
[[gnu::always_inline]] inline bool copies(const WarpMap<C>& map) {
  const C* m = map.m;
  auto whole = [](C v) { return v > -1e9 && v < 1e9 && down(v) == v; };
  return (m[0] == 1 || m[0] == -1) && m[1] == 0 && m[3] == 0 && (m[4] == 1 || m[4] == -1) && whole(m[2]) && whole(m[5]);
}

/// Row `row` of y [q] from a plane x [h, w], for a map that only shifts and mirrors.
template <class T, class C>
[[gnu::always_inline]] inline void copy_row(const Warp& p, const WarpMap<C>& map, int row, const T* x, T fill, T* y) {
  const int64_t from = static_cast<int64_t>(map.m[5]) + (map.m[4] > 0 ? row : -row);
  const int64_t start = static_cast<int64_t>(map.m[2]);
  const bool forward = map.m[0] > 0, inside = from >= 0 && from < p.h;
  // y[j] is x[start ± j] for j in [begin, end)
  int64_t begin = forward ? -start : start - p.w + 1, end = forward ? p.w - start : start + 1;
  begin = !inside || begin > p.q ? p.q : begin < 0 ? 0 : begin;
  end = !inside || end < begin ? begin : lesser(end, p.q);
  const T* line = x + (inside ? from * p.w : 0) + (inside && begin < end ? start : 0);
  for (int64_t j = 0; j < begin; ++j) y[j] = fill;
  if (forward)
    for (int64_t j = begin; j < end; ++j) y[j] = line[j];
  else
    for (int64_t j = begin; j < end; ++j) y[j] = line[-j];
  for (int64_t j = end; j < p.q; ++j) y[j] = fill;
}

/// Row `row` of all channels of image n.
template <class T, class C>
[[gnu::always_inline]] inline void warp_row(const Warp& p, const WarpMap<C>& map, int row, const T* x, const C* fill,
                                            T* y) {
  const int h = static_cast<int>(p.h), w = static_cast<int>(p.w);
  for (int64_t first = 0; first < p.q; first += kRun) {
    const int count = static_cast<int>(lesser(kRun, p.q - first));
    WarpSource<C> sources[kRun];
    for (int j = 0; j < count; ++j) {
      const int column = static_cast<int>(first) + j;
      sources[j] = WarpSource<C>::at(map.row(row, column), map.column(row, column), h, w, p.mode == 1);
    }
    for (int64_t c = 0; c < p.c; ++c) {
      const T* plane = x + c * p.h * p.w;
      T* to = y + c * p.p * p.q + first;
      const C outside = fill ? fill[c] : C(0);
      for (int j = 0; j < count; ++j) {
        const WarpSource<C>& s = sources[j];
        if (s.row < -1)
          to[j] = to_element<T>(outside);
        else if (p.mode == 0)
          to[j] = plane[static_cast<int64_t>(s.row) * w + s.column];
        else
          to[j] = to_element<T>(
              bilinear_at(s, plane, h, w, fill != nullptr, outside, [](T value) { return static_cast<C>(value); }));
      }
    }
  }
}

}  // namespace

void warp(const Warp& p, AnyIn x, In matrices, OptIn fill, AnyOut y) {
  expect_computed(matrices, x.dtype, "matrices");
  auto run = [&](auto element, auto computed) {
    using T = decltype(element);
    using C = decltype(computed);
    parallel_range(p.n * p.p, at_least_one(kGrain / 4 / at_least_one(p.c * p.q)), [&](int64_t begin, int64_t end) {
      for (int64_t line = begin; line < end; ++line) {
        const int64_t n = line / p.p;
        const int row = static_cast<int>(line % p.p);
        WarpMap<C> map;
        __builtin_memcpy(map.m, matrices.as<C>() + 6 * n, sizeof map.m);
        const C* fills = fill ? fill.as<C>() + n * p.c : nullptr;
        const T* from = x.as<T>() + n * p.c * p.h * p.w;
        T* to = y.as<T>() + n * p.c * p.p * p.q + row * p.q;
        if (!copies(map)) {
          warp_row<T, C>(p, map, row, from, fills, to);
          continue;
        }
        for (int64_t c = 0; c < p.c; ++c)
          copy_row<T, C>(p, map, row, from + c * p.h * p.w, to_element<T>(fills ? fills[c] : C(0)), to + c * p.p * p.q);
      }
    });
  };
  if (x.dtype == DType::UInt8) return run(uint8_t{}, float{});
  dispatch_float(x.dtype, [&](auto zero) { run(zero, zero); });
}

}  // namespace convcore::cpu::ISA
