// Vectors of the instruction set that a file is compiled for.
#pragma once
#include <cstddef>
#include <cstdint>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

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

#if defined(__AVX2__) && !defined(__AVX512F__)
/// The first n lanes.
[[gnu::always_inline]] inline __m256i lanes_below(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif

/// The first n elements, fewer than a vector; the others are 0.
[[gnu::always_inline]] inline Vector<float> load_part(const float* from, int64_t n) {
#if defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), from);
#elif defined(__AVX2__)
  return _mm256_maskload_ps(from, lanes_below(n));
#else
  Vector<float> v{};
  __builtin_memcpy(&v, from, static_cast<size_t>(n) * sizeof(float));
  return v;
#endif
}

/// Writes the first n elements, or all if there are not so many.
[[gnu::always_inline]] inline void store_part(float* to, Vector<float> v, int64_t n) {
  if (n >= kLanesOf<float>) return store(to, v);
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << n) - 1), v);
#elif defined(__AVX2__)
  _mm256_maskstore_ps(to, lanes_below(n), v);
#else
  __builtin_memcpy(to, &v, static_cast<size_t>(n) * sizeof(float));
#endif
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
