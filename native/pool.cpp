#include "pool.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace convcore {
namespace {

constexpr size_t kAlignment = 64, kHugePage = size_t{2} << 20;

#ifndef CONVCORE_POOL_NONE
/// Sizes fall into classes a quarter of a power of two apart, so that at most a fifth of a block is wasted.
int class_of(size_t bytes, size_t* capacity) {
  bytes = std::max(bytes, 4 * kAlignment);
  int log = 63 - __builtin_clzll(bytes - 1);
  size_t step = size_t{1} << (log - 2);
  *capacity = (bytes + step - 1) / step * step;
  return log * 4 + static_cast<int>((*capacity - 1) >> (log - 2)) % 4;
}
#endif

/// The number after `key` in a file, in bytes when it is given in kB; SIZE_MAX when there is none ("max" included).
size_t read_number(const char* path, const char* key) {
  size_t result = SIZE_MAX;
  if (std::FILE* file = std::fopen(path, "r")) {
    char line[256];
    while (std::fgets(line, sizeof line, file)) {
      size_t length = std::strlen(key);
      unsigned long long number;
      char unit[3] = "";
      if (std::strncmp(line, key, length) == 0 && std::sscanf(line + length, "%llu %2s", &number, unit) >= 1) {
        result = std::strcmp(unit, "kB") == 0 ? number * 1024 : number;
        break;
      }
    }
    std::fclose(file);
  }
  return result;
}

/// malloc does not fail under overcommit, so the pools of a process stay below what the system had at the first use.
size_t memory_limit() {
  static const size_t limit =
      std::min({read_number("/proc/meminfo", "MemAvailable:"), read_number("/sys/fs/cgroup/memory.max", ""),
                read_number("/sys/fs/cgroup/memory/memory.limit_in_bytes", "")});
  return limit;
}

std::atomic<size_t> reserved{0};  // by all pools of the process

std::byte* system_allocate(size_t capacity) {
  if (capacity > memory_limit() || reserved.fetch_add(capacity) + capacity > memory_limit()) {
    if (capacity <= memory_limit()) reserved.fetch_sub(capacity);
    return nullptr;
  }
  bool huge = capacity >= kHugePage;
  void* data;
  if (posix_memalign(&data, huge ? kHugePage : kAlignment, capacity) != 0) {
    reserved.fetch_sub(capacity);
    return nullptr;
  }
#ifdef CONVCORE_POOL_NONE
  std::memset(data, 0xFF, capacity);
#else
  if (huge) madvise(data, capacity, MADV_HUGEPAGE);
#endif
  return static_cast<std::byte*>(data);
}

void system_free(const Block& block) {
  std::free(block.data);
  reserved.fetch_sub(block.capacity);
}

}  // namespace

Pool::~Pool() { trim(); }

Block Pool::take(size_t bytes) {
  Block block;
  if (bytes > SIZE_MAX / 4) throw OutOfMemory{bytes, live_, idle_, memory_limit()};
#ifdef CONVCORE_POOL_NONE
  block.capacity = (std::max<size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
#else
  auto& candidates = idle_blocks_[class_of(bytes, &block.capacity)];
  if (!candidates.empty()) {
    block = candidates.back();
    candidates.pop_back();
    idle_ -= block.capacity;
  }
#endif
  if (!block.data) block.data = system_allocate(block.capacity);
  if (!block.data) throw OutOfMemory{bytes, live_, idle_, memory_limit()};
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
void Pool::free(const Block& block) { system_free(block); }
#endif

void Pool::trim() {
  for (auto& blocks : idle_blocks_) {
    for (const Block& block : blocks) system_free(block);
    blocks.clear();
    blocks.shrink_to_fit();
  }
  idle_ = 0;
}

}  // namespace convcore
