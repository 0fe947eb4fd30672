#include "memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace convcore::cpu {
namespace {

constexpr size_t kAlignment = 64, kHugePage = size_t{2} << 20;

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

}  // namespace

size_t SystemMemory::limit() { return memory_limit(); }

std::byte* SystemMemory::allocate(size_t bytes) {
  if (bytes > memory_limit() || reserved.fetch_add(bytes) + bytes > memory_limit()) {
    if (bytes <= memory_limit()) reserved.fetch_sub(bytes);
    return nullptr;
  }
  bool huge = bytes >= kHugePage;
  void* data;
  if (posix_memalign(&data, huge ? kHugePage : kAlignment, bytes) != 0) {
    reserved.fetch_sub(bytes);
    return nullptr;
  }
#ifdef CONVCORE_POOL_NONE
  std::memset(data, 0xFF, bytes);
#else
  if (huge) madvise(data, bytes, MADV_HUGEPAGE);
#endif
  return static_cast<std::byte*>(data);
}

void SystemMemory::free(std::byte* data, size_t bytes) {
  std::free(data);
  reserved.fetch_sub(bytes);
}

}  // namespace convcore::cpu
