// Every access of a kernel to memory comes by here: is it in bounds, is it written, does it race?
#pragma once

#include <cstddef>
#include <string>

#include "memory.h"

namespace emulation {

enum class Access { kRead, kWrite, kAtomic };

// `pc`: the return address of the hook, in the code that accesses.
void check_access(const void* address, size_t bytes, Access access, const void* pc);

// The block's first read of shared memory that nobody has written. It is reported when the block is over: a write that
// was only late makes it a race.
struct Unwritten {
  const void *address, *pc;
  size_t bytes;
  Access access;
  uint3 thread;
  uint32_t block;  // when it began

  std::string text() const;
};
const Unwritten* unwritten_read();

}  // namespace emulation
