// Stacks and the switch between them: what a block's threads run on.
#pragma once

#include <cstddef>
#include <vector>

namespace emulation {

using StackPointer = void*;

// Saves the caller's registers, stores its stack pointer in `from` and goes on where `to` was saved.
extern "C" void emulation_switch(StackPointer* from, StackPointer to);

class Stack {
 public:
  static constexpr size_t kBytes = size_t{128} << 10;

  Stack();
  ~Stack();
  Stack(Stack&& other) noexcept;
  Stack& operator=(Stack&&) = delete;

  // The switch to the result calls `entry`, which must not return.
  StackPointer prepare(void (*entry)());
  const char* base() const { return base_; }

 private:
  char* base_;
};

}  // namespace emulation
