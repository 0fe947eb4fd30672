// Caching allocator of one device. It belongs to the JavaScript thread: blocks are taken and given back there, and
// in-order execution makes a block that was given back safe to hand out at once (see stream.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "memory.h"

namespace convcore {

struct Block {
  std::byte* data = nullptr;
  size_t capacity = 0;
  uint64_t free_since = 0;  // ticket that the stream must have passed before another thread may touch the block
};

class Pool {
 public:
  explicit Pool(Memory& memory) : memory_(memory) {}
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// A block of at least `bytes`, 64-byte aligned, contents undefined. Throws OutOfMemory.
  Block take(size_t bytes);
  void give_back(Block block, uint64_t ticket);
#ifdef CONVCORE_POOL_NONE
  /// Without a pool, blocks that were given back are freed once nothing queued names them. On any thread.
  void free(const Block& block);
#endif
  /// Returns all idle blocks to the system. The stream must be drained.
  void trim();

  size_t live_bytes() const { return live_; }
  size_t idle_bytes() const { return idle_; }
  size_t peak_bytes() const { return peak_; }
  void reset_peak() { peak_ = live_; }

 private:
  Memory& memory_;
  static constexpr int kClasses = 64 * 4;
  std::vector<Block> idle_blocks_[kClasses];
  size_t live_ = 0, idle_ = 0, peak_ = 0;
};

/// Thrown by Pool::take when the system has no such memory; `what()` names the sizes.
struct OutOfMemory {
  size_t wanted, live, idle, limit;
};

}  // namespace convcore
