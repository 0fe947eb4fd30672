// What the ways of convolving images, but no volumes or groups, have in common.
#pragma once
#include "../geometry.h"

namespace convcore::cpu {
namespace {

/// Of images, not volumes, all channels to all filters, and none of them empty.
[[gnu::always_inline]] inline bool is_dense_2d(const Conv& p) {
  return p.t == 1 && p.d == 1 && p.pad_d == 0 && p.groups == 1 && p.n > 0 && p.c > 0 && p.k > 0 && p.h > 0 && p.w > 0 &&
         p.p > 0 && p.q > 0;
}

}  // namespace
}  // namespace convcore::cpu
