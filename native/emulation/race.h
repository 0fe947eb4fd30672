// Four bytes of memory and who touched them last. Two accesses race if none of CUDA's barriers lies between them:
// between blocks there is none, within a block __syncthreads, within a warp __syncwarp too.
#pragma once

#include <cstdint>

#include "check.h"

namespace emulation {

struct Trace {
  uint32_t code;      // address, as an offset in this module
  uint32_t interval;  // time of the block's last barrier, or its beginning; 0: no access yet
  uint32_t epoch;     // time of the warp's last barrier
  uint32_t thread : 10, bytes : 4, atomic : 1;
};

struct Cell {
  Trace write, read;   // the last ones
  Trace other_atomic;  // the last by another thread than `write`, if that is atomic
  // The last launch, interval and epoch in which blocks, warps and lanes shared a read, and of which bytes.
  uint32_t blocks_read, warps_read, lanes_read;
  uint32_t blocks_bytes : 4, warps_bytes : 4, lanes_bytes : 4;
  uint32_t written : 4;  // bytes, for shared memory since the block's beginning
};

// The running thread's access to some of the cell's bytes. Returns the earlier access that it races with, or null.
const Trace* find_race(const Cell& cell, const Trace& now, Access access);
void note(Cell& cell, const Trace& now, Access access);

}  // namespace emulation
