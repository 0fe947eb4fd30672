#include <limits>

#include "../check.h"
#include "kernels.h"
#include "reduction.h"

namespace convcore::cpu::ISA {
namespace {

/// Turns column j, from the diagonal down, into v, so that H = I − v·vᵀ maps the column to a multiple of e_j, which is
/// returned. |v|² = 2, or v = 0 where the column is 0.
template <class T>
double reflector(int64_t m, int64_t n, int64_t j, T* q) {
  double square = 0;
  for (int64_t i = j; i < m; ++i) square += double{q[i * n + j]} * q[i * n + j];
  const double norm = __builtin_sqrt(square), head = q[j * n + j], image = head > 0 ? -norm : norm;
  if (norm == 0) return 0;
  const double factor = 1 / __builtin_sqrt(norm * (norm + __builtin_fabs(head)));
  q[j * n + j] = static_cast<T>((head - image) * factor);
  for (int64_t i = j + 1; i < m; ++i) q[i * n + j] = static_cast<T>(q[i * n + j] * factor);
  return image;
}

/// The columns behind j ← H · these, with the v that column j holds.
template <class T>
void reflect(int64_t m, int64_t n, int64_t j, T* q) {
  parallel_range(n - j - 1, at_least_one(kGrain / at_least_one(m - j)), [=](int64_t begin, int64_t end) {
    for (int64_t c = j + 1 + begin; c < j + 1 + end; ++c) {
      double dot = 0;
      for (int64_t i = j; i < m; ++i) dot += double{q[i * n + j]} * q[i * n + c];
      for (int64_t i = j; i < m; ++i) q[i * n + c] = static_cast<T>(q[i * n + c] - dot * q[i * n + j]);
    }
  });
}

}  // namespace

// By Householder reflections, then their product applied to the first n unit vectors (Golub, Van Loan: "Matrix
// computations", algorithms 5.2.1 and 5.1.5). q holds the reflectors meanwhile.
void qr(int64_t m, int64_t n, In a, Out q, Out r) {
  if (m < n)
    fail("expected at least as many rows as columns, got %lld and %lld", static_cast<long long>(m),
         static_cast<long long>(n));
  dispatch_float(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    T *matrix = q.as<T>(), *triangle = r.as<T>();
    __builtin_memcpy(matrix, a.data, static_cast<size_t>(m * n) * sizeof(T));
    for (int64_t j = 0; j < n; ++j) {
      const double image = reflector(m, n, j, matrix);
      reflect(m, n, j, matrix);
      for (int64_t c = 0; c < n; ++c) triangle[j * n + c] = c < j ? T(0) : matrix[j * n + c];
      triangle[j * n + j] = static_cast<T>(image);
    }
    for (int64_t j = n - 1; j >= 0; --j) {
      reflect(m, n, j, matrix);
      const T head = matrix[j * n + j];
      for (int64_t i = 0; i < m; ++i) matrix[i * n + j] = i < j ? T(0) : -head * matrix[i * n + j];
      matrix[j * n + j] += 1;
    }
  });
}

void solve_triangular(int64_t n, int64_t k, int64_t transpose, In r, In b, Out x) {
  dispatch_float(r.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *matrix = r.as<T>(), *from = b.as<T>();
    T* to = x.as<T>();
    T greatest = 0;
    for (int64_t i = 0; i < n; ++i) {
      const T size = matrix[i * n + i] < 0 ? -matrix[i * n + i] : matrix[i * n + i];
      greatest = size > greatest ? size : greatest;
    }
    // Rounding leaves about this much of a column that the others make up.
    const T least = greatest * 8 * static_cast<T>(n) * std::numeric_limits<T>::epsilon();
    for (int64_t i = 0; i < n; ++i) {
      const T size = matrix[i * n + i] < 0 ? -matrix[i * n + i] : matrix[i * n + i];
      if (!(size > least))
        fail("expected columns that do not depend on each other, but column %lld does", static_cast<long long>(i));
    }
    parallel_range(k, at_least_one(kGrain / at_least_one(n * n)), [=](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c)
        for (int64_t step = 0; step < n; ++step) {
          const int64_t i = transpose ? step : n - 1 - step;
          double rest = from[i * k + c];
          for (int64_t j = transpose ? 0 : i + 1; j < (transpose ? i : n); ++j)
            rest -= double{transpose ? matrix[j * n + i] : matrix[i * n + j]} * to[j * k + c];
          to[i * k + c] = static_cast<T>(rest / matrix[i * n + i]);
        }
    });
  });
}

}  // namespace convcore::cpu::ISA
