#include "arrange.h"

#include <algorithm>
#include <numeric>

namespace convcore {

size_t arrange(std::vector<Lifetime>& lifetimes) {
  constexpr size_t kAlignment = 64;
  auto size = [&](size_t i) { return (lifetimes[i].bytes + kAlignment - 1) / kAlignment * kAlignment; };
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return size(a) > size(b); });

  size_t total = 0;
  std::vector<size_t> placed;  // by offset
  for (size_t i : order) {
    size_t offset = 0;
    for (size_t other : placed) {
      const Lifetime &a = lifetimes[i], &b = lifetimes[other];
      if (a.last < b.first || b.last < a.first) continue;
      if (offset + size(i) <= b.offset) break;
      offset = std::max(offset, b.offset + size(other));
    }
    lifetimes[i].offset = offset;
    total = std::max(total, offset + size(i));
    auto higher = std::upper_bound(placed.begin(), placed.end(), offset,
                                   [&](size_t value, size_t other) { return value < lifetimes[other].offset; });
    placed.insert(higher, i);
  }
  return total;
}

}  // namespace convcore
