#define NOMINMAX
#include <malloc.h>
#include <windows.h>

#include <bitset>
#include <cstdint>

#include "../system.h"

namespace convcore::system {

void* allocate(size_t bytes) { return _aligned_malloc(bytes, bytes >= kHugePage ? kHugePage : 64); }

void free(void* data) { _aligned_free(data); }

size_t available_memory() {
  MEMORYSTATUSEX status{};
  status.dwLength = sizeof status;
  return GlobalMemoryStatusEx(&status) ? static_cast<size_t>(status.ullAvailPageFile) : SIZE_MAX;
}

int available_processors() {
  DWORD_PTR process = 0, system = 0;
  GetProcessAffinityMask(GetCurrentProcess(), &process, &system);
  const size_t count = std::bitset<64>(process).count();
  return count ? static_cast<int>(count) : 1;
}

int current_processor() { return static_cast<int>(GetCurrentProcessorNumber()); }

// Its scheduler moves threads by itself.
void leave_processor(int) {}

void name_thread(const char*) {}

}  // namespace convcore::system
