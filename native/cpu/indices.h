// Values that say where.
#pragma once
#include "../buffer.h"
#include "reduction.h"

namespace convcore::cpu {
namespace {

/// Fails unless all indices lie in [0, limit).
void check_indices(const IndexIn& index, int64_t limit) {
  const int32_t* at = index.as<int32_t>();
  parallel_range(index.count, kGrain, [&](int64_t begin, int64_t end) {
    int32_t least = 0, greatest = -1;
    for (int64_t i = begin; i < end; ++i) {
      least = at[i] < least ? at[i] : least;
      greatest = at[i] > greatest ? at[i] : greatest;
    }
    if (least < 0 || greatest >= limit)
      fail("expected indices in [0, %lld), got %d", static_cast<long long>(limit), least < 0 ? least : greatest);
  });
}

}  // namespace
}  // namespace convcore::cpu
