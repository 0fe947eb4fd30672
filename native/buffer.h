// What a kernel sees of a tensor: a pointer, an element count and an element type.
#pragma once
#include <cstddef>
#include <cstdint>

#include "check.h"

namespace convcore {

/// Float16 and BFloat16 are storage for CUDA kernels, which compute in float32; the CPU has no kernels for them.
enum class DType : uint8_t { Float32, Float64, Int32, UInt8, Float16, BFloat16 };
constexpr int kDTypes = 6;

[[gnu::always_inline]] constexpr size_t size_of(DType dtype) {
  constexpr size_t bytes[kDTypes] = {4, 8, 4, 1, 2, 2};
  return bytes[static_cast<int>(dtype)];
}

[[gnu::always_inline]] constexpr const char* name_of(DType dtype) {
  constexpr const char* names[kDTypes] = {"float32", "float64", "int32", "uint8", "float16", "bfloat16"};
  const int index = static_cast<int>(dtype);
  return index < kDTypes ? names[index] : "no dtype";
}

constexpr bool is_half(DType dtype) { return dtype == DType::Float16 || dtype == DType::BFloat16; }

/// One operand. `data` is null only for an absent optional operand.
struct Operand {
  void* data = nullptr;
  int64_t count = 0;
  DType dtype = DType::Float32;

  template <class T>
  [[gnu::always_inline]] T* as() const {
    return static_cast<T*>(data);
  }
  explicit operator bool() const { return data != nullptr; }
};

/// What is known of the values of an int32 storage, so that an op need not look at them again to trust them.
struct IndexRange {
  bool known = false;
  int32_t least = 0, greatest = -1;
};

// How an operand is used is its type. Without a qualifier it holds the op's float type: float32, float64 or, on CUDA,
// float16 or bfloat16. Wide is that type too, but float32 in place of float16 and bfloat16: what must not be rounded.
// Index is int32, Byte is uint8, Any is one dtype shared by all the op's Any operands, Cast is a dtype of its own.
// AnyOut gets values of the op's AnyIn and no others, or, without one, any. An Opt operand may be absent.
// clang-format off
struct In         : Operand {};
struct Out        : Operand {};
struct InOut      : Operand {};
struct OptIn      : Operand {};
struct OptOut     : Operand {};
struct OptInOut   : Operand {};
struct WideIn     : Operand {};
struct WideOut    : Operand {};
struct OptWideIn  : Operand {};
struct OptWideOut : Operand {};
struct OptWideInOut : Operand {};
struct IndexIn    : Operand {
  IndexRange* range = nullptr;  // of the storage that the operand lies in
  bool whole = false;           // the operand is all of it
};
struct IndexOut   : Operand {};
struct IndexInOut : Operand {};
struct ByteIn     : Operand {};
struct ByteOut    : Operand {};
struct AnyIn      : Operand {};
struct AnyOut     : Operand {};
struct AnyInOut   : Operand {};
struct CastOut    : Operand {};
// clang-format on

/// Lists of operands, for the multi-tensor optimizers. All lists of one call are empty or equally long, and the
/// i-th members of all lists have one element count.
struct Many {
  const Operand* items = nullptr;
  int64_t length = 0;
  const Operand& operator[](int64_t i) const { return items[i]; }
};
struct Ins : Many {};
struct InOuts : Many {};

/// Fails unless `list` holds a tensor for each of `params`, or none where none is needed.
[[gnu::always_inline]] inline void expect_list(const Many& list, const Many& params, bool needed, const char* name) {
  const int64_t expected = needed ? params.length : 0;
  if (list.length != expected)
    fail("expected %lld tensors in %s, got %lld", static_cast<long long>(expected), name,
         static_cast<long long>(list.length));
}

/// Calls f(T{}) with the C++ type of a float dtype of the CPU.
template <class F>
[[gnu::always_inline]] inline void dispatch_float(DType dtype, F&& f) {
  if (dtype == DType::Float32) return f(float{});
  if (dtype == DType::Float64) return f(double{});
  fail("expected float32 or float64, got %s", name_of(dtype));
}

/// Calls f(T{}) with the C++ type of any dtype of the CPU.
template <class F>
[[gnu::always_inline]] inline void dispatch_any(DType dtype, F&& f) {
  switch (dtype) {
    case DType::Float32: return f(float{});
    case DType::Float64: return f(double{});
    case DType::Int32: return f(int32_t{});
    case DType::UInt8: return f(uint8_t{});
    case DType::Float16:
    case DType::BFloat16: break;
  }
  fail("expected a dtype that the CPU has, got %s", name_of(dtype));
}

}  // namespace convcore
