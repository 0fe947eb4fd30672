#include "fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

// The callee-saved registers of the System V and the AArch64 procedure call standards. Floating-point modes are the
// same in all threads, so they are not switched.
#if defined(__x86_64__)
asm(R"(
.text
.globl emulation_switch
.type emulation_switch, @function
emulation_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size emulation_switch, .-emulation_switch
)");
namespace {
constexpr int kSavedWords = 8, kReturnWord = 6;  // the return address; above it the 0 that ends backtraces
}
#elif defined(__aarch64__)
asm(R"(
.text
.globl emulation_switch
.type emulation_switch, %function
emulation_switch:
  sub sp, sp, #160
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size emulation_switch, .-emulation_switch
)");
namespace {
constexpr int kSavedWords = 20, kReturnWord = 11;  // x30
}
#else
#error "the CUDA emulation knows x86-64 and AArch64"
#endif

namespace emulation {
namespace {
constexpr size_t kGuard = size_t{16} << 10;
}

Stack::Stack() {
  void* memory =
      mmap(nullptr, kGuard + kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, kGuard, PROT_NONE) != 0) {
    std::perror("emulation: a thread's stack");
    std::abort();
  }
  base_ = static_cast<char*>(memory) + kGuard;
}

Stack::~Stack() {
  if (base_ != nullptr) munmap(base_ - kGuard, kGuard + kBytes);
}

Stack::Stack(Stack&& other) noexcept : base_(std::exchange(other.base_, nullptr)) {}

StackPointer Stack::prepare(void (*entry)()) {
  // 16-byte aligned at the switch: x86-64 then enters with its return address popped, as after a call.
  uintptr_t* words = reinterpret_cast<uintptr_t*>(base_ + kBytes) - kSavedWords;
  for (int i = 0; i < kSavedWords; ++i) words[i] = 0;
  words[kReturnWord] = reinterpret_cast<uintptr_t>(entry);
  return words;
}

}  // namespace emulation
