// Atomics. Threads take turns, so a plain update is one; what matters is that the checks know it as atomic.
#pragma once

#include <cstddef>
#include <type_traits>

namespace emulation {

void note_atomic(const void* address, size_t bytes, const void* pc);

}  // namespace emulation

// Neither inlined, so that the return address lies in the kernel, nor instrumented.
#define EMULATION_ATOMIC(name, condition, expression)                                                      \
  template <class T>                                                                                       \
  [[gnu::noinline, gnu::no_sanitize("thread", "alignment")]] T name(T* address, std::common_type_t<T> x) { \
    static_assert(condition, #name " of this type is not in CUDA");                                        \
    emulation::note_atomic(address, sizeof(T), __builtin_return_address(0));                               \
    T old = *address;                                                                                      \
    *address = expression;                                                                                 \
    return old;                                                                                            \
  }

#define EMULATION_WORD (std::is_integral_v<T> && (sizeof(T) == 4 || sizeof(T) == 8))

EMULATION_ATOMIC(atomicAdd, EMULATION_WORD || std::is_floating_point_v<T>, old + x)
EMULATION_ATOMIC(atomicSub, EMULATION_WORD && sizeof(T) == 4, old - x)
EMULATION_ATOMIC(atomicExch, EMULATION_WORD || (std::is_same_v<T, float>), x)
EMULATION_ATOMIC(atomicMax, EMULATION_WORD, old < x ? x : old)
EMULATION_ATOMIC(atomicMin, EMULATION_WORD, x < old ? x : old)
EMULATION_ATOMIC(atomicAnd, EMULATION_WORD, old& x)
EMULATION_ATOMIC(atomicOr, EMULATION_WORD, old | x)
EMULATION_ATOMIC(atomicXor, EMULATION_WORD, old ^ x)

#undef EMULATION_ATOMIC
#undef EMULATION_WORD

template <class T>
[[gnu::noinline, gnu::no_sanitize("thread", "alignment")]] T atomicCAS(T* address, std::common_type_t<T> expected,
                                                                       std::common_type_t<T> desired) {
  static_assert(std::is_integral_v<T> && sizeof(T) >= 2, "atomicCAS of this type is not in CUDA");
  emulation::note_atomic(address, sizeof(T), __builtin_return_address(0));
  T old = *address;
  if (old == expected) *address = desired;
  return old;
}
