// Kernels that compute each element of y from the elements of one or two tensors in the same place, 16 bytes at a time
// where addresses allow.
#pragma once
#include "context.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

template <class T, class F>
__global__ void map_each(int64_t begin, int64_t n, F f, const T* x, T* y) {
  for_each(n - begin, [&](int64_t i) { y[begin + i] = store<T>(f(load(x[begin + i]))); });
}

template <class T, class F>
__global__ void map_vectors(int64_t n, F f, const T* x, T* y) {
  for_each(n, [&](int64_t i) {
    Vector<T> v = reinterpret_cast<const Vector<T>*>(x)[i];
    for (T& each : v.v) each = store<T>(f(load(each)));
    reinterpret_cast<Vector<T>*>(y)[i] = v;
  });
}

template <class T, class F>
__global__ void pair_each(int64_t begin, int64_t n, F f, const T* a, const T* b, T* y) {
  for_each(n - begin, [&](int64_t i) { y[begin + i] = store<T>(f(load(a[begin + i]), load(b[begin + i]))); });
}

template <class T, class F>
__global__ void pair_vectors(int64_t n, F f, const T* a, const T* b, T* y) {
  for_each(n, [&](int64_t i) {
    Vector<T> u = reinterpret_cast<const Vector<T>*>(a)[i];
    const Vector<T> v = reinterpret_cast<const Vector<T>*>(b)[i];
    for (int j = 0; j < Vector<T>::kWidth; ++j) u.v[j] = store<T>(f(load(u.v[j]), load(v.v[j])));
    reinterpret_cast<Vector<T>*>(y)[i] = u;
  });
}

/// y[i] = f(x[i]) for i in [0, n)
template <class T, class F>
void map(int64_t n, F f, const T* x, T* y) {
  const int64_t vectors = aligned(x, y) ? n / Vector<T>::kWidth : 0, rest = vectors * Vector<T>::kWidth;
  if (vectors) launch(map_vectors<T, F>, blocks_for(vectors), kThreads, 0, vectors, f, x, y);
  if (rest < n) launch(map_each<T, F>, blocks_for(n - rest), kThreads, 0, rest, n, f, x, y);
}

/// y[i] = f(a[i], b[i]) for i in [0, n)
template <class T, class F>
void map(int64_t n, F f, const T* a, const T* b, T* y) {
  const int64_t vectors = aligned(a, b, y) ? n / Vector<T>::kWidth : 0, rest = vectors * Vector<T>::kWidth;
  if (vectors) launch(pair_vectors<T, F>, blocks_for(vectors), kThreads, 0, vectors, f, a, b, y);
  if (rest < n) launch(pair_each<T, F>, blocks_for(n - rest), kThreads, 0, rest, n, f, a, b, y);
}

/// y[i] = f(x[i]) over operands of one float dtype; F<C> computes in C.
template <template <class> class F, class... Arguments>
void map_floats(int64_t n, const Operand& x, const Operand& y, Arguments... arguments) {
  dispatch_storage(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    map(n, F<Compute<T>>{static_cast<Compute<T>>(arguments)...}, static_cast<const T*>(x.as<T>()), y.as<T>());
  });
}

/// y[i] = f(a[i], b[i]) over operands of one float dtype; F<C> computes in C.
template <template <class> class F, class... Arguments>
void map_pairs(int64_t n, const Operand& a, const Operand& b, const Operand& y, Arguments... arguments) {
  dispatch_storage(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    map(n, F<Compute<T>>{static_cast<Compute<T>>(arguments)...}, static_cast<const T*>(a.as<T>()),
        static_cast<const T*>(b.as<T>()), y.as<T>());
  });
}

}  // namespace
}  // namespace convcore::cuda
