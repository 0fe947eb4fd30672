#include "gemm.h"
#include "kernels.h"

namespace convcore::cuda {

void matmul(const Matmul& p, In a, In b, OptIn bias, Out y) {
  Gemm g{};
  g.dtype = y.dtype;
  g.batch = p.batch;
  g.m = p.m;
  g.n = p.n;
  g.k = p.k;
  g.transpose_a = p.transpose_a != 0;
  g.transpose_b = p.transpose_b != 0;
  g.a = a.data;
  g.b = b.data;
  g.bias = bias.data;
  g.y = y.data;
  g.row_a = g.transpose_a ? p.m : p.k;
  g.row_b = g.transpose_b ? p.k : p.n;
  g.row_y = p.n;
  g.stride_a = p.m * p.k;
  g.stride_b = p.k * p.n;
  g.stride_y = p.m * p.n;
  gemm(g);
}

}  // namespace convcore::cuda
