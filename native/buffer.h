// What a kernel sees of a tensor: a pointer, an element count and an element type.
#pragma once
#include <cstddef>
#include <cstdint>

#include "check.h"

namespace convcore {

enum class DType : uint8_t { Float32, Float64, Int32, UInt8 };

[[gnu::always_inline]] constexpr size_t size_of(DType dtype) {
  constexpr size_t bytes[] = {4, 8, 4, 1};
  return bytes[static_cast<int>(dtype)];
}

[[gnu::always_inline]] constexpr const char* name_of(DType dtype) {
  constexpr const char* names[] = {"float32", "float64", "int32", "uint8"};
  return names[static_cast<int>(dtype)];
}

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

// How an operand is used is its type. Without a qualifier it holds the op's float type, float32 or float64;
// Index is int32, Byte is uint8, Any is one dtype shared by all the op's Any operands, Cast is a dtype of its own.
// An Opt operand may be absent.
// clang-format off
struct In         : Operand {};
struct Out        : Operand {};
struct InOut      : Operand {};
struct OptIn      : Operand {};
struct OptOut     : Operand {};
struct OptInOut   : Operand {};
struct IndexIn    : Operand {};
struct IndexOut   : Operand {};
struct IndexInOut : Operand {};
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

/// Calls f(T{}) with the C++ type of a float dtype.
template <class F>
[[gnu::always_inline]] inline void dispatch_float(DType dtype, F&& f) {
  if (dtype == DType::Float32) return f(float{});
  if (dtype == DType::Float64) return f(double{});
  fail("expected float32 or float64, got %s", name_of(dtype));
}

/// Calls f(T{}) with the C++ type of any dtype.
template <class F>
[[gnu::always_inline]] inline void dispatch_any(DType dtype, F&& f) {
  switch (dtype) {
    case DType::Float32: return f(float{});
    case DType::Float64: return f(double{});
    case DType::Int32: return f(int32_t{});
    case DType::UInt8: return f(uint8_t{});
  }
}

}  // namespace convcore
