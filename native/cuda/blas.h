// Matrix products by cuBLAS.
#pragma once
#include "cuda.h"
#include "gemm.h"

namespace convcore::cuda::blas {

LibraryInfo info();

/// Whether there is a cuBLAS that works on the device whose task runs on this thread.
bool available();

/// The product, without its bias, which must be null. Only where it is available. It gives the same bits in each run;
/// float32 factors are rounded to TF32 only where that is allowed.
void gemm(const Gemm& g);

}  // namespace convcore::cuda::blas
