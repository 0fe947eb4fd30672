#include <limits>

#include "kernels.h"
#include "numeric.h"
#include "reduction.h"

namespace convcore::cuda {
namespace {

// As on the CPU, step by step, by one block: what is factored here has tens of columns.

/// The columns behind j ← (I − v·vᵀ) · these, with the v that column j holds; a warp per column.
template <class T>
__device__ void reflect(int64_t m, int64_t n, int64_t j, T* q) {
  for (int64_t c = j + 1 + threadIdx.x / 32; c < n; c += kWarps) {
    double dot = 0;
    for (int64_t i = j + threadIdx.x % 32; i < m; i += 32)
      dot += static_cast<double>(load(q[i * n + j])) * static_cast<double>(load(q[i * n + c]));
    dot = warp_sum(dot);
    for (int64_t i = j + threadIdx.x % 32; i < m; i += 32)
      q[i * n + c] = store<T>(static_cast<Compute<T>>(static_cast<double>(load(q[i * n + c])) -
                                                      dot * static_cast<double>(load(q[i * n + j]))));
  }
  __syncthreads();
}

template <class T>
__global__ void factor(int64_t m, int64_t n, const T* a, T* q, T* r) {
  using C = Compute<T>;
  __shared__ double shared[kWarps];
  for (int64_t i = threadIdx.x; i < m * n; i += kThreads) q[i] = a[i];
  __syncthreads();
  for (int64_t j = 0; j < n; ++j) {
    double square = 0;
    for (int64_t i = j + threadIdx.x; i < m; i += kThreads) {
      const double v = static_cast<double>(load(q[i * n + j]));
      square += v * v;
    }
    square = block_sum(square, shared);
    const double norm = square_root(square), head = static_cast<double>(load(q[j * n + j]));
    const double image = head > 0 ? -norm : norm;
    const double scale = norm > 0 ? 1 / square_root(norm * (norm + (head > 0 ? head : -head))) : 0;
    __syncthreads();  // all have read the head
    for (int64_t i = j + threadIdx.x; i < m; i += kThreads)
      q[i * n + j] = store<T>(static_cast<C>((static_cast<double>(load(q[i * n + j])) - (i == j ? image : 0)) * scale));
    __syncthreads();
    reflect(m, n, j, q);
    for (int64_t c = threadIdx.x; c < n; c += kThreads)
      r[j * n + c] = c < j ? store<T>(C(0)) : c == j ? store<T>(static_cast<C>(norm > 0 ? image : 0)) : q[j * n + c];
  }
  for (int64_t j = n - 1; j >= 0; --j) {
    reflect(m, n, j, q);
    const C head = load(q[j * n + j]);
    __syncthreads();
    for (int64_t i = threadIdx.x; i < m; i += kThreads) {
      const C v = i < j ? C(0) : -head * load(q[i * n + j]);
      q[i * n + j] = store<T>(i == j ? v + 1 : v);
    }
    __syncthreads();
  }
}

/// The first column whose diagonal element is as good as 0; −1 when there is none. One thread.
template <class T>
__global__ void find_dependent(int64_t n, const T* r, int64_t* where) {
  using C = Compute<T>;
  auto size = [&](int64_t i) {
    const C v = load(r[i * n + i]);
    return v < 0 ? -v : v;
  };
  C greatest = 0;
  for (int64_t i = 0; i < n; ++i) greatest = size(i) > greatest ? size(i) : greatest;
  // Rounding leaves about this much of a column that the others make up.
  const C least = greatest * 8 * static_cast<C>(n) * std::numeric_limits<C>::epsilon();
  *where = -1;
  for (int64_t i = n - 1; i >= 0; --i)
    if (!(size(i) > least)) *where = i;
}

template <class T>
__global__ void substitute(int64_t n, int64_t k, bool transpose, const T* r, const T* b, T* x) {
  for_each(k, [&](int64_t c) {
    for (int64_t step = 0; step < n; ++step) {
      const int64_t i = transpose ? step : n - 1 - step;
      double rest = static_cast<double>(load(b[i * k + c]));
      for (int64_t j = transpose ? 0 : i + 1; j < (transpose ? i : n); ++j)
        rest -= static_cast<double>(load(transpose ? r[j * n + i] : r[i * n + j])) *
                static_cast<double>(load(x[j * k + c]));
      x[i * k + c] = store<T>(static_cast<Compute<T>>(rest / static_cast<double>(load(r[i * n + i]))));
    }
  });
}

}  // namespace

void qr(int64_t m, int64_t n, In a, Out q, Out r) {
  if (m < n)
    fail("expected at least as many rows as columns, got %lld and %lld", static_cast<long long>(m),
         static_cast<long long>(n));
  dispatch_float(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(factor<T>, 1, kThreads, 0, m, n, static_cast<const T*>(a.as<T>()), q.as<T>(), r.as<T>());
  });
}

void solve_triangular(int64_t n, int64_t k, int64_t transpose, In r, In b, Out x) {
  dispatch_float(r.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *matrix = r.as<T>(), *from = b.as<T>();
    const Scratch scratch(sizeof(int64_t));
    launch(find_dependent<T>, 1, 1, 0, n, matrix, scratch.as<int64_t>());
    int64_t where;
    read_back(&where, scratch.as<int64_t>(), sizeof where);
    if (where >= 0)
      fail("expected columns that do not depend on each other, but column %lld does", static_cast<long long>(where));
    launch(substitute<T>, blocks_for(k), kThreads, 0, n, k, transpose != 0, matrix, from, x.as<T>());
  });
}

}  // namespace convcore::cuda
