// What is asked of the operating system: one file for each below system/.
#pragma once
#include <cstddef>

namespace convcore::system {

constexpr size_t kHugePage = size_t{2} << 20;

/// At the start of a cache line; of kHugePage bytes or more at the start of a huge page, in such where the system has
/// them. nullptr when there is none.
void* allocate(size_t bytes);
void free(void* data);

/// Bytes that the process may take; SIZE_MAX where nobody knows.
size_t available_memory();

/// Processors that the process may use, by its affinity and its share of them.
int available_processors();

/// The processor of the calling thread, -1 where nobody knows.
int current_processor();

/// Moves the calling thread to another processor than this one.
void leave_processor(int processor);

/// The name of the calling thread in tools.
void name_thread(const char* name);

/// Says that the calling thread only waits for another's write.
inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace convcore::system
