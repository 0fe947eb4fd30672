// y[i] = f(a[i], b[i]) over operands that are repeated along some dimensions.
#pragma once
#include <type_traits>

#include "../loops.h"
#include "map.h"

namespace convcore::cuda {
namespace {

/// Where element i of y lies in a and in b. Divisions are multiplications where 31 bits hold all indices.
template <bool kSmall>
struct Offsets {
  int rank;
  Divisor divisors[kMaxRank];
  int64_t dims[kMaxRank], stride_a[kMaxRank], stride_b[kMaxRank];

  explicit Offsets(const Loops& loops) : rank(loops.rank) {
    for (int d = 0; d < rank; ++d) {
      if (kSmall) divisors[d] = Divisor(loops.dims[d]);
      dims[d] = loops.dims[d];
      stride_a[d] = loops.stride_a[d];
      stride_b[d] = loops.stride_b[d];
    }
  }
  __device__ void at(int64_t i, int64_t& a, int64_t& b) const {
    a = b = 0;
    uint32_t low = static_cast<uint32_t>(i);
    for (int d = 0; d < rank; ++d) {
      int64_t index;
      if (d == rank - 1) {
        index = kSmall ? low : i;
      } else if (kSmall) {
        index = divisors[d].split(low);
      } else {
        index = i % dims[d];
        i /= dims[d];
      }
      a += index * stride_a[d];
      b += index * stride_b[d];
    }
  }
};

template <class T, class Y, bool kSmall, class F>
__global__ void broadcast(int64_t n, F f, Offsets<kSmall> offsets, const T* a, const T* b, Y* y) {
  for_each(n, [&](int64_t i) {
    int64_t at_a, at_b;
    offsets.at(i, at_a, at_b);
    y[i] = static_cast<Y>(f(load(a[at_a]), load(b[at_b])));
  });
}

template <class T, class Y, class F>
void run(const Broadcast& p, F f, const T* a, const T* b, Y* y) {
  const Loops loops(p);
  const int64_t n = p.y();
  if constexpr (std::is_same_v<T, Y>)
    if (loops.dense()) return map(n, f, a, b, y);
  if (n < int64_t{1} << 31)
    launch(broadcast<T, Y, true, F>, blocks_for(n), kThreads, 0, n, f, Offsets<true>(loops), a, b, y);
  else
    launch(broadcast<T, Y, false, F>, blocks_for(n), kThreads, 0, n, f, Offsets<false>(loops), a, b, y);
}

}  // namespace
}  // namespace convcore::cuda
