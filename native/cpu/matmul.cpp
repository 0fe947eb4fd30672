#include "gemm.h"
#include "sizes.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kFewRows = 4;      // of the left factor: packing the right one would cost more than it saves
constexpr int64_t kColumns = 4;      // whose sums are taken at a time
constexpr int64_t kChunk = 1 << 14;  // elements of the right factor of one job

/// Σ a[l] · b_j[l] of `columns` columns, which lie k elements apart.
template <class T, int64_t Columns>
void dots(int64_t k, const T* a, const T* b, const T* bias, T* y) {
  constexpr int64_t lanes = kLanesOf<T>;
  Vector<T> sums[Columns][2] = {};
  int64_t l = 0;
  for (; l + 2 * lanes <= k; l += 2 * lanes)
    for (int64_t half = 0; half < 2; ++half) {
      const Vector<T> left = load(a + l + half * lanes);
#pragma GCC unroll 4
      for (int64_t j = 0; j < Columns; ++j) sums[j][half] += left * load(b + j * k + l + half * lanes);
    }
  for (int64_t j = 0; j < Columns; ++j) {
    const Vector<T> both = sums[j][0] + sums[j][1];
    T sum = 0;
    for (int64_t i = 0; i < lanes; ++i) sum += both[i];
    for (int64_t i = l; i < k; ++i) sum += a[i] * b[j * k + i];
    y[j] = sum + (bias ? bias[j] : T(0));
  }
}

/// A few rows times columns that lie in memory one after the other: each is read once, where it is.
template <class T>
void few_rows(const Matmul& p, const T* a, const T* b, const T* bias, T* y) {
  const int64_t chunk = round_up(divide_up(kChunk, p.k + 1), kColumns), chunks = divide_up(p.n, chunk);
  parallel(p.batch * chunks, [&](int64_t job) {
    const int64_t item = job / chunks, first = job % chunks * chunk, last = lesser(p.n, first + chunk);
    const T *left = a + item * p.m * p.k, *right = b + item * p.k * p.n;
    T* to = y + item * p.m * p.n;
    int64_t j = first;
    for (; j + kColumns <= last; j += kColumns)
      for (int64_t i = 0; i < p.m; ++i)
        dots<T, kColumns>(p.k, left + i * p.k, right + j * p.k, bias ? bias + j : nullptr, to + i * p.n + j);
    for (; j < last; ++j)
      for (int64_t i = 0; i < p.m; ++i)
        dots<T, 1>(p.k, left + i * p.k, right + j * p.k, bias ? bias + j : nullptr, to + i * p.n + j);
  });
}

}  // namespace

void matmul(const Matmul& p, In a, In b, OptIn bias, Out y) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    if (p.m <= kFewRows && p.transpose_b && !p.transpose_a)
      return few_rows(p, a.as<T>(), b.as<T>(), bias.as<T>(), y.as<T>());
    Matrix<T> left{a.as<T>(), p.m * p.k, p.transpose_a ? p.m : p.k, a.as<T>() + a.count};
    Matrix<T> right{b.as<T>(), p.k * p.n, p.transpose_b ? p.k : p.n, b.as<T>() + b.count};
    gemm(Gemm<T>{p.batch, p.m, p.n, p.k, left.source(p.transpose_a), right.source(p.transpose_b), bias.as<T>(), 0,
                 dense_target(y.as<T>(), p.m, p.n)});
  });
}

}  // namespace convcore::cpu::ISA
