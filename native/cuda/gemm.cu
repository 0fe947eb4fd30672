#include "blas.h"
#include "gemm.h"
#include "tile.h"

namespace convcore::cuda {
namespace {

/// Every row of y becomes the bias, to which the product is then added.
template <class T>
__global__ void put_bias(int64_t rows, int64_t m, int64_t n, int64_t row, int64_t stride, const T* bias, T* y) {
  for_each(rows * n, [&](int64_t i) {
    const int64_t line = i / n;
    y[line / m * stride + line % m * row + i % n] = bias[i % n];
  });
}

template <class T, bool kA, bool kB>
void built_in(const Gemm& g) {
  const DenseLoader<T, kA> a{static_cast<const T*>(g.a), g.row_a, g.stride_a, g.m};
  const DenseLoader<T, kB> b{static_cast<const T*>(g.b), g.row_b, g.stride_b, g.n};
  const DenseTarget<T> y{static_cast<T*>(g.y), static_cast<const T*>(g.bias), g.row_y, g.stride_y, 0, g.accumulate};
  multiply<Compute<T>>({g.batch, g.m, g.n, g.k}, a, b, a.vectors(g.k) && b.vectors(g.k), y);
}

}  // namespace

void gemm(const Gemm& g) {
  if (g.batch == 0 || g.m == 0 || g.n == 0) return;
  dispatch_storage(g.dtype, [&](auto zero) {
    using T = decltype(zero);
    if (blas::available() && g.k > 0) {
      Gemm product = g;
      if (g.bias) {
        launch(put_bias<T>, blocks_for(g.batch * g.m * g.n), kThreads, 0, g.batch * g.m, g.m, g.n, g.row_y, g.stride_y,
               static_cast<const T*>(g.bias), static_cast<T*>(g.y));
        product.bias = nullptr;
        product.accumulate = true;
      }
      return blas::gemm(product);
    }
    // Along k: rows of a that are not transposed, and of b that are.
    if (!g.transpose_a && g.transpose_b) return built_in<T, true, true>(g);
    if (!g.transpose_a) return built_in<T, true, false>(g);
    if (g.transpose_b) return built_in<T, false, true>(g);
    built_in<T, false, false>(g);
  });
}

}  // namespace convcore::cuda
