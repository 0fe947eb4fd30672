#include "pool.h"

#include <algorithm>
#include <cstdint>

namespace convcore {
namespace {

#ifndef CONVCORE_POOL_NONE
constexpr size_t kLeast = 256;  // bytes of a block

/// Sizes fall into classes a quarter of a power of two apart, so that at most a fifth of a block is wasted.
int class_of(size_t bytes, size_t* capacity) {
  bytes = std::max(bytes, kLeast);
  int log = 63 - __builtin_clzll(bytes - 1);
  size_t step = size_t{1} << (log - 2);
  *capacity = (bytes + step - 1) / step * step;
  return log * 4 + static_cast<int>((*capacity - 1) >> (log - 2)) % 4;
}
#endif

}  // namespace

Pool::~Pool() { trim(); }

Block Pool::take(size_t bytes) {
  Block block;
  if (bytes > SIZE_MAX / 4) throw OutOfMemory{bytes, live_, idle_, memory_.limit()};
#ifdef CONVCORE_POOL_NONE
  block.capacity = std::max<size_t>(bytes, 1);
#else
  auto& candidates = idle_blocks_[class_of(bytes, &block.capacity)];
  if (!candidates.empty()) {
    block = candidates.back();
    candidates.pop_back();
    idle_ -= block.capacity;
  }
#endif
  if (!block.data) block.data = memory_.allocate(block.capacity);
  if (!block.data) throw OutOfMemory{bytes, live_, idle_, memory_.limit()};
  live_ += block.capacity;
  peak_ = std::max(peak_, live_);
  return block;
}

void Pool::give_back(Block block, uint64_t ticket) {
  live_ -= block.capacity;
#ifdef CONVCORE_POOL_NONE
  (void)ticket;
#else
  idle_ += block.capacity;
  block.free_since = ticket;
  size_t capacity;
  idle_blocks_[class_of(block.capacity, &capacity)].push_back(block);
#endif
}

#ifdef CONVCORE_POOL_NONE
void Pool::free(const Block& block) { memory_.free(block.data, block.capacity); }
#endif

void Pool::trim() {
  for (auto& blocks : idle_blocks_) {
    for (const Block& block : blocks) memory_.free(block.data, block.capacity);
    blocks.clear();
    blocks.shrink_to_fit();
  }
  idle_ = 0;
}

}  // namespace convcore
