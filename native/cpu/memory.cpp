#include "memory.h"

#include <atomic>
#include <cstring>

#include "../system.h"

namespace convcore::cpu {
namespace {

/// malloc does not fail under overcommit, so the pools of a process stay below what the system had at the first use.
size_t memory_limit() {
  static const size_t limit = system::available_memory();
  return limit;
}

std::atomic<size_t> reserved{0};  // by all pools of the process

}  // namespace

size_t SystemMemory::limit() { return memory_limit(); }

std::byte* SystemMemory::allocate(size_t bytes) {
  if (bytes > memory_limit() || reserved.fetch_add(bytes) + bytes > memory_limit()) {
    if (bytes <= memory_limit()) reserved.fetch_sub(bytes);
    return nullptr;
  }
  void* data = system::allocate(bytes);
  if (!data) {
    reserved.fetch_sub(bytes);
    return nullptr;
  }
#ifdef CONVCORE_POOL_NONE
  std::memset(data, 0xFF, bytes);
#endif
  return static_cast<std::byte*>(data);
}

void SystemMemory::free(std::byte* data, size_t bytes) {
  system::free(data);
  reserved.fetch_sub(bytes);
}

}  // namespace convcore::cpu
