// Launches: their limits, their order of blocks, and the seed of that order.
#pragma once

#include <cstdint>
#include <random>

namespace emulation {

// EMULATION_SEED, or a new one for each process.
uint64_t seed();
std::mt19937_64& generator();

// Where dynamic shared memory lies, with room around it that belongs to no one.
struct SharedMemory {
  char *zone, *begin, *zone_end;
};
const SharedMemory& shared_memory();

}  // namespace emulation
