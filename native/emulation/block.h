// One block: its threads as fibers, its barriers, its warps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "include/emulation/api.h"
#include "include/emulation/builtin.h"
#include "include/emulation/sync.h"

namespace emulation {

constexpr int kMaxThreads = 1024, kWarp = 32;
constexpr size_t kMaxShared = size_t{227} << 10;  // bytes of dynamic shared memory

// The launch and block that run. Only one does at a time.
struct Running {
  const Call* call = nullptr;
  int device = 0;
  size_t shared_bytes = 0;
  // Times, all from one counter: the launch's and the block's beginning, the block's last barrier.
  uint32_t launch_begin = 0, block_begin = 0, interval = 0;
  const char* stack = nullptr;  // the thread's
  size_t stack_bytes = 0;
  int thread = 0;      // number in the block
  uint32_t epoch = 0;  // of the thread's warp: changes at its __syncwarp and at each block barrier
};
extern Running running;
uint32_t next_time();

// Does this OS thread run a kernel's thread now?
bool on_device();

void run_block(const uint3& index);

}  // namespace emulation
