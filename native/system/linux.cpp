#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <thread>

#include "../system.h"
#include "posix.h"

namespace convcore::system {
namespace {

/// The number after `key` in a file, in bytes when it is given in kB; SIZE_MAX when there is none ("max" included).
size_t read_number(const char* path, const char* key) {
  size_t result = SIZE_MAX;
  if (std::FILE* file = std::fopen(path, "re")) {
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

}  // namespace

void* allocate(size_t bytes) {
  void* data = allocate_aligned(bytes);
  if (data && bytes >= kHugePage) madvise(data, bytes, MADV_HUGEPAGE);
  return data;
}

void free(void* data) { free_aligned(data); }

size_t available_memory() {
  return std::min({read_number("/proc/meminfo", "MemAvailable:"), read_number("/sys/fs/cgroup/memory.max", ""),
                   read_number("/sys/fs/cgroup/memory/memory.limit_in_bytes", "")});
}

int available_processors() {
  cpu_set_t set;
  int64_t count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : std::thread::hardware_concurrency();
  // "<quota> <period>" in microseconds, or "max <period>".
  if (std::FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "re")) {
    long long quota, period;
    if (std::fscanf(file, "%lld %lld", &quota, &period) == 2 && period > 0)
      count = std::min<int64_t>(count, quota / period);
    std::fclose(file);
  }
  return static_cast<int>(std::max<int64_t>(count, 1));
}

int current_processor() { return sched_getcpu(); }

void leave_processor(int processor) {
  cpu_set_t allowed, others;
  if (sched_getcpu() != processor || sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  others = allowed;
  CPU_CLR(processor, &others);
  if (CPU_COUNT(&others) == 0) return;
  sched_setaffinity(0, sizeof others, &others);
  sched_setaffinity(0, sizeof allowed, &allowed);
}

void name_thread(const char* name) { pthread_setname_np(pthread_self(), name); }

}  // namespace convcore::system
