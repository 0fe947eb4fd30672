// Shuffles of two vectors, as GCC and as Clang spell them.
#pragma once
#include <cstdint>
#include <type_traits>
#include <utility>

namespace convcore::cpu {
namespace {

template <int half, class V, int... i>
[[gnu::always_inline]] inline V zip(V a, V b, std::integer_sequence<int, i...>) {
  constexpr int n = sizeof...(i);
#ifdef __clang__
  return __builtin_shufflevector(a, b, (half * n / 2 + i / 2 + i % 2 * n)...);
#else
  return __builtin_shuffle(a, b, decltype(a == b){(half * n / 2 + i / 2 + i % 2 * n)...});
#endif
}

/// The elements of the lower (half 0) or upper (half 1) halves of a and b in turn.
template <int half, class V>
[[gnu::always_inline]] inline V zip(V a, V b) {
  return zip<half>(a, b, std::make_integer_sequence<int, sizeof(V) / sizeof(a[0])>{});
}

}  // namespace
}  // namespace convcore::cpu
