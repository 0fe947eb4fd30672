#include "indices.h"
#include "kernels.h"

namespace convcore::cpu::ISA {
namespace {

/// put(target, source) for each of the m entries of each line of [outer, m, inner], in order, so that of equal targets
/// the last comes last. Lines are worked on in parallel.
template <class Put>
void in_order(int64_t outer, int64_t n, int64_t m, int64_t inner, const int32_t* index, Put put) {
  const int64_t tile = lesser(at_least_one(inner), kTile), tiles = divide_up(inner, tile);
  parallel_range(outer * tiles, at_least_one(kGrain / at_least_one(m * tile)), [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t o = item / tiles, first = item % tiles * tile, last = lesser(first + tile, inner);
      for (int64_t i = 0; i < m; ++i)
        for (int64_t c = first, row = (o * m + i) * inner; c < last; ++c)
          put((o * n + index[row + c]) * inner + c, row + c);
    }
  });
}

}  // namespace

void index_select(int64_t outer, int64_t n, int64_t m, int64_t inner, AnyIn x, IndexIn index, AnyOut y) {
  check_indices(index, n);
  const int32_t* pick = index.as<int32_t>();
  if (inner == 1)
    return dispatch_any(x.dtype, [&](auto zero) {
      using T = decltype(zero);
      parallel_range(outer * m, kGrain, [=](int64_t begin, int64_t end) {
        const T* from = x.as<T>();
        for (int64_t i = begin; i < end; ++i) y.as<T>()[i] = from[i / m * n + pick[i % m]];
      });
    });
  const int64_t bytes = inner * static_cast<int64_t>(size_of(x.dtype));
  parallel_range(outer * m, divide_up(4 * kGrain, at_least_one(bytes)), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      __builtin_memcpy(y.as<char>() + i * bytes, x.as<char>() + (i / m * n + pick[i % m]) * bytes, bytes);
  });
}

void index_select_backward(int64_t outer, int64_t n, int64_t m, int64_t inner, int64_t skip, IndexIn index, In dy,
                           Out dx) {
  check_indices(index, n);
  const int32_t* pick = index.as<int32_t>();
  dispatch_float(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    // Each chunk adds up some columns of all rows, one row after the other.
    constexpr int64_t kChunks = 16;
    const int64_t wanted = outer < kChunks ? divide_up(inner, kChunks) : inner;
    const int64_t tile = at_least_one(lesser(inner, divide_up(wanted, kLanes) * kLanes)),
                  tiles = divide_up(inner, tile);
    parallel(outer * tiles, [&](int64_t item) {
      const int64_t o = item / tiles, first = item % tiles * tile, width = lesser(tile, inner - first);
      T* to = dx.as<T>() + o * n * inner + first;
      for (int64_t row = 0; row < n; ++row) __builtin_memset(to + row * inner, 0, width * sizeof(T));
      for (int64_t i = 0; i < m; ++i) {
        if (pick[i] == skip) continue;
        const T* from = dy.as<T>() + (o * m + i) * inner + first;
        T* sum = to + pick[i] * inner;
        for (int64_t c = 0; c < width; ++c) sum[c] += from[c];
      }
    });
  });
}

void gather(int64_t outer, int64_t n, int64_t m, int64_t inner, AnyIn x, IndexIn index, AnyOut y) {
  check_indices(index, n);
  dispatch_any(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_range(outer * m * inner, kGrain, [=](int64_t begin, int64_t end) {
      const T* from = x.as<T>();
      for (int64_t i = begin; i < end; ++i)
        y.as<T>()[i] = from[(i / (m * inner) * n + index.as<int32_t>()[i]) * inner + i % inner];
    });
  });
}

void scatter(int64_t outer, int64_t n, int64_t m, int64_t inner, int64_t, IndexIn index, AnyIn x, AnyInOut y) {
  check_indices(index, n);
  dispatch_any(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    in_order(outer, n, m, inner, index.as<int32_t>(),
             [=](int64_t target, int64_t source) { y.as<T>()[target] = x.as<T>()[source]; });
  });
}

void scatter_add(int64_t outer, int64_t n, int64_t m, int64_t inner, IndexIn index, In x, InOut y) {
  check_indices(index, n);
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    in_order(outer, n, m, inner, index.as<int32_t>(),
             [=](int64_t target, int64_t source) { y.as<T>()[target] += x.as<T>()[source]; });
  });
}

}  // namespace convcore::cpu::ISA
