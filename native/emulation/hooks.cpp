// What instrumented code calls: .cu files are compiled with -fsanitize=thread,bounds,alignment, but instead of those
// sanitizers' runtimes, which know nothing of blocks and barriers, this is linked.
#include <cstdint>
#include <cstring>

#include "check.h"
#include "report.h"

using emulation::Access;

#define PC __builtin_return_address(0)

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

#define ACCESS(bytes)                                                                                  \
  void __tsan_read##bytes(void* a) { emulation::check_access(a, bytes, Access::kRead, PC); }           \
  void __tsan_write##bytes(void* a) { emulation::check_access(a, bytes, Access::kWrite, PC); }         \
  void __tsan_unaligned_read##bytes(void* a) { emulation::check_access(a, bytes, Access::kRead, PC); } \
  void __tsan_unaligned_write##bytes(void* a) { emulation::check_access(a, bytes, Access::kWrite, PC); }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
void __tsan_read_range(void* a, size_t bytes) { emulation::check_access(a, bytes, Access::kRead, PC); }
void __tsan_write_range(void* a, size_t bytes) { emulation::check_access(a, bytes, Access::kWrite, PC); }

// Clang's names for what the kernels' struct copies may become.
void* __tsan_memcpy(void* to, const void* from, size_t bytes) {
  emulation::check_access(from, bytes, Access::kRead, PC);
  emulation::check_access(to, bytes, Access::kWrite, PC);
  return std::memcpy(to, from, bytes);
}
void* __tsan_memmove(void* to, const void* from, size_t bytes) {
  emulation::check_access(from, bytes, Access::kRead, PC);
  emulation::check_access(to, bytes, Access::kWrite, PC);
  return std::memmove(to, from, bytes);
}
void* __tsan_memset(void* to, int value, size_t bytes) {
  emulation::check_access(to, bytes, Access::kWrite, PC);
  return std::memset(to, value, bytes);
}

// std::atomic, in the files' host code. All are as strict as can be.
#define ATOMIC(bits, T)                                                                                             \
  T __tsan_atomic##bits##_load(const volatile T* a, int) { return __atomic_load_n(a, __ATOMIC_SEQ_CST); }           \
  void __tsan_atomic##bits##_store(volatile T* a, T v, int) { __atomic_store_n(a, v, __ATOMIC_SEQ_CST); }           \
  T __tsan_atomic##bits##_exchange(volatile T* a, T v, int) { return __atomic_exchange_n(a, v, __ATOMIC_SEQ_CST); } \
  T __tsan_atomic##bits##_fetch_add(volatile T* a, T v, int) { return __atomic_fetch_add(a, v, __ATOMIC_SEQ_CST); } \
  T __tsan_atomic##bits##_fetch_sub(volatile T* a, T v, int) { return __atomic_fetch_sub(a, v, __ATOMIC_SEQ_CST); } \
  T __tsan_atomic##bits##_fetch_and(volatile T* a, T v, int) { return __atomic_fetch_and(a, v, __ATOMIC_SEQ_CST); } \
  T __tsan_atomic##bits##_fetch_or(volatile T* a, T v, int) { return __atomic_fetch_or(a, v, __ATOMIC_SEQ_CST); }   \
  T __tsan_atomic##bits##_fetch_xor(volatile T* a, T v, int) { return __atomic_fetch_xor(a, v, __ATOMIC_SEQ_CST); } \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile T* a, T* e, T v, int, int) {                           \
    return __atomic_compare_exchange_n(a, e, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                         \
  }                                                                                                                 \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile T* a, T* e, T v, int, int) {                             \
    return __atomic_compare_exchange_n(a, e, v, true, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                          \
  }
ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)
void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_signal_fence(int) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

// As the undefined behaviour sanitizer lays them out, up to where they are read here.
struct Place {
  const char* file;
  uint32_t line, column;
};
struct TypeMismatch {
  Place place;
  const void* type;
  unsigned char alignment;  // log2
};
struct OutOfBounds {
  Place place;
};

void __ubsan_handle_type_mismatch_v1(const TypeMismatch* data, void* address) {
  emulation::report("misaligned access",
                    emulation::text("%p is no multiple of %u at ", address, 1u << data->alignment) +
                        emulation::place(emulation::Where{data->place.file, static_cast<int>(data->place.line)}));
}
void __ubsan_handle_out_of_bounds(const OutOfBounds* data, uintptr_t index) {
  emulation::report("out of bounds",
                    emulation::text("index %lld of an array at ", static_cast<long long>(index)) +
                        emulation::place(emulation::Where{data->place.file, static_cast<int>(data->place.line)}));
}

}  // extern "C"
