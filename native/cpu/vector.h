// Vectors of the instruction set that a file is compiled for.
#pragma once
#include <cstdint>

namespace convcore::cpu {
namespace {

#if defined(__AVX512F__)
constexpr int64_t kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int64_t kVectorBytes = 32;
#else
constexpr int64_t kVectorBytes = 16;
#endif

template <class T>
constexpr int64_t kLanesOf = kVectorBytes / sizeof(T);

template <class T, int64_t Lanes>
struct VectorOf {
  typedef T type __attribute__((vector_size(Lanes * sizeof(T)), aligned(alignof(T)), may_alias));
};

/// A register's elements, or fewer; only element-aligned.
template <class T, int64_t Lanes = kLanesOf<T>>
using Vector = typename VectorOf<T, Lanes>::type;

template <class T, int64_t Lanes = kLanesOf<T>>
[[gnu::always_inline]] inline Vector<T, Lanes> load(const T* from) {
  return *reinterpret_cast<const Vector<T, Lanes>*>(from);
}

template <class T, int64_t Lanes = kLanesOf<T>>
[[gnu::always_inline]] inline void store(T* to, Vector<T, Lanes> v) {
  *reinterpret_cast<Vector<T, Lanes>*>(to) = v;
}

/// Copies n elements in whole vectors where `from` reaches far enough before `end`; so it may write up to
/// kLanesOf<T> − 1 elements past to + n.
template <class T>
[[gnu::always_inline]] inline void copy_over(T* to, const T* from, int64_t n, const T* end) {
  constexpr int64_t lanes = kLanesOf<T>;
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) store(to + i, load(from + i));
  if (i == n) return;
  if (end - from >= i + lanes) return store(to + i, load(from + i));
  for (; i < n; ++i) to[i] = from[i];
}

/// Writes n zeros, with the same overrun.
template <class T>
[[gnu::always_inline]] inline void zero_over(T* to, int64_t n) {
  for (int64_t i = 0; i < n; i += kLanesOf<T>) store(to + i, Vector<T>{});
}

}  // namespace
}  // namespace convcore::cpu
