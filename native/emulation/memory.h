// Device memory. Each device has a stretch of addresses that is handed out once, with gaps between the allocations and
// none of it reused: so that an access past an end, or to freed memory, can be told for what it is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "device.h"

namespace emulation {

struct Cell;

struct Allocation {
  char* begin;
  size_t bytes;
  int device;
  bool freed;
  Cell* cells;  // who touched it; made at the first access by a kernel
};

size_t device_capacity();  // bytes: EMULATION_MEMORY mebibytes, 4096 if not set
size_t free_memory(int device);
// Null when the device is full.
char* allocate(int device, size_t bytes);
void release(void* pointer);

bool is_device_address(const void* address);
// The last allocation that begins at or before the address, or the first after it; null outside of device memory.
Allocation* nearest_allocation(const void* address);
// Reports unless all of [pointer, pointer + bytes) is one live allocation of the device.
void check_range(const char* who, const void* pointer, size_t bytes, int device);

// With EMULATION_PROTECT=1 device memory can only be touched while one of these lives: the host's own accesses fault.
class Unprotected {
 public:
  Unprotected();
  ~Unprotected();
  Unprotected(const Unprotected&) = delete;
  Unprotected& operator=(const Unprotected&) = delete;
};

}  // namespace emulation
