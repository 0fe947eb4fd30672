// Vectors of a width that fits the number of channels, so that few channels and those left over fill them too.
#pragma once
#include <cstdint>
#include <type_traits>

#include "sizes.h"
#include "vector.h"

namespace convcore::cpu {
namespace {

/// kWidth elements, a power of two; a single one has idle company, since a plain number is compared with branches.
template <class T, int64_t kWidth>
struct LanesOf {
  typedef T type __attribute__((vector_size(kWidth * sizeof(T))));
};
template <class T>
struct LanesOf<T, 1> {
  typedef T type __attribute__((vector_size(16)));
};
template <class T, int64_t kWidth>
using Lanes = typename LanesOf<T, kWidth>::type;

/// The integer that is as wide as T, as in the masks of its vectors.
template <class T>
using IndexOf = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;

template <int64_t kWidth, class T>
[[gnu::always_inline]] inline Lanes<T, kWidth> load_lanes(const T* from) {
  if constexpr (kWidth == 1) return Lanes<T, 1>{*from};
  Lanes<T, kWidth> v;
  __builtin_memcpy(&v, from, kWidth * sizeof(T));
  return v;
}

template <int64_t kWidth, class T>
[[gnu::always_inline]] inline void store_lanes(T* to, const Lanes<T, kWidth>& v) {
  if constexpr (kWidth == 1)
    *to = v[0];
  else
    __builtin_memcpy(to, &v, kWidth * sizeof(T));
}

/// Each of kWidth elements as a To.
template <class To, int64_t kWidth, class From>
[[gnu::always_inline]] inline Lanes<To, kWidth> convert_lanes(const Lanes<From, kWidth>& v) {
  if constexpr (kWidth == 1)
    return Lanes<To, 1>{static_cast<To>(v[0])};
  else
    return __builtin_convertvector(v, Lanes<To, kWidth>);
}

/// f(width), a constant: the widest vector that the channels fill; there are kLeast of them or more.
template <class T, int64_t kLeast = 1, int64_t kWidth = kLanesOf<T>, class F>
[[gnu::always_inline]] inline auto with_width(int64_t channels, F&& f) {
  if constexpr (kWidth > kLeast)
    if (channels < kWidth) return with_width<T, kLeast, kWidth / 2>(channels, f);
  return f(std::integral_constant<int64_t, kWidth>{});
}

/// body(c) for channels [c, c + kWidth), until all are done; the last vector may do some of them again. Channels fill a
/// vector.
template <int64_t kWidth, class Body>
[[gnu::always_inline]] inline void for_each_vector(int64_t channels, Body body) {
  for (int64_t c = 0; c < channels; c += kWidth) body(lesser(c, channels - kWidth));
}

}  // namespace
}  // namespace convcore::cpu
