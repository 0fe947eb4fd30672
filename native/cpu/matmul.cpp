#include "gemm.h"

namespace convcore::cpu::ISA {

void matmul(const Matmul& p, In a, In b, OptIn bias, Out y) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    Matrix<T> left{a.as<T>(), p.m * p.k, p.transpose_a ? p.m : p.k, a.as<T>() + a.count};
    Matrix<T> right{b.as<T>(), p.k * p.n, p.transpose_b ? p.k : p.n, b.as<T>() + b.count};
    gemm(Gemm<T>{p.batch, p.m, p.n, p.k, left.source(p.transpose_a), right.source(p.transpose_b), bias.as<T>(), 0,
                 dense_target(y.as<T>(), p.m, p.n)});
  });
}

}  // namespace convcore::cpu::ISA
