// Whose memory an address is, for the thread that runs.
#pragma once

#include <cstddef>

#include "memory.h"

namespace emulation {

// Memory that several threads may reach.
struct Region {
  const char* name;
  const char* begin;
  size_t bytes;
  Cell* cells;
  bool shared;  // each block has its own
};

enum class Place { kOwn, kConstant, kRegion, kFreed, kOtherDevice, kHost };

// For kRegion also sets `region`: the one that the address lies in, or in the gaps around.
Place find_region(const char* begin, size_t bytes, Region& region);
void free_cells(Allocation& allocation);
// Of the module that the kernels are in.
const char* module_base();

}  // namespace emulation
