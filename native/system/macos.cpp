#include <pthread.h>
#include <sys/sysctl.h>

#include <algorithm>
#include <cstdint>
#include <thread>

#include "../system.h"
#include "posix.h"

namespace convcore::system {

void* allocate(size_t bytes) { return allocate_aligned(bytes); }

void free(void* data) { free_aligned(data); }

size_t available_memory() {
  uint64_t bytes = 0;
  size_t size = sizeof bytes;
  return sysctlbyname("hw.memsize", &bytes, &size, nullptr, 0) == 0 ? bytes : SIZE_MAX;
}

int available_processors() { return std::max(1u, std::thread::hardware_concurrency()); }

// Threads are not bound to processors there.
int current_processor() { return -1; }
void leave_processor(int) {}

void name_thread(const char* name) { pthread_setname_np(name); }

}  // namespace convcore::system
