// The loops over a broadcast.
#pragma once
#include "geometry.h"

namespace convcore {

/// A Broadcast with its dimensions from the innermost outwards, those of one element dropped and those that lie
/// seamlessly in both operands joined.
struct Loops {
  int rank = 0;
  int64_t dims[kMaxRank], stride_a[kMaxRank], stride_b[kMaxRank];

  [[gnu::always_inline]] explicit Loops(const Broadcast& p) {
    for (int64_t i = p.rank - 1; i >= 0; --i) {
      const auto& [size, a, b] = p.axes[i];
      if (size == 1) continue;
      const int inner = rank - 1;
      if (rank > 0 && a == stride_a[inner] * dims[inner] && b == stride_b[inner] * dims[inner]) {
        dims[inner] *= size;
        continue;
      }
      dims[rank] = size;
      stride_a[rank] = a;
      stride_b[rank] = b;
      ++rank;
    }
    if (rank == 0) dims[0] = stride_a[0] = stride_b[0] = rank = 1;
  }
  [[gnu::always_inline]] bool dense() const { return rank == 1 && stride_a[0] == 1 && stride_b[0] == 1; }
};

}  // namespace convcore
