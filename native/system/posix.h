// What Linux and macOS do alike.
#pragma once
#include <cstdlib>

#include "../system.h"

namespace convcore::system {

constexpr size_t kCacheLine = 64;

inline void* allocate_aligned(size_t bytes) {
  void* data;
  return posix_memalign(&data, bytes >= kHugePage ? kHugePage : kCacheLine, bytes) == 0 ? data : nullptr;
}

inline void free_aligned(void* data) { std::free(data); }

}  // namespace convcore::system
