// Where in one block of memory things lie that are needed at different times.
#pragma once
#include <cstddef>
#include <vector>

namespace convcore {

struct Lifetime {
  size_t bytes;
  int first, last;    // both included
  size_t offset = 0;  // the answer, a multiple of 64
};

/// Places everything so that what is alive at the same time does not overlap; returns the bytes needed. Greedy by size,
/// the lowest place first (Pisarchyk and Lee: "Efficient memory management for deep neural net inference", 2020).
size_t arrange(std::vector<Lifetime>& lifetimes);

}  // namespace convcore
