// Convolutions and batch norm by cuDNN, on channels-last tensors. Functions that return false have done nothing: cuDNN
// cannot do this one, and kernels of our own must.
#pragma once
#include "../geometry.h"
#include "cuda.h"

namespace convcore::cuda::dnn {

LibraryInfo info();

/// Whether there is a cuDNN that works on the device whose task runs on this thread.
bool available();

/// Whether it is worth asking cuDNN: images and not volumes, of a dtype that it has (not float64 in this layout),
/// padded alike on both sides, counts in 32 bits, and no dimension empty.
bool takes(const Conv& p, DType dtype);

// Sums are float32; factors of float32 are rounded to TF32 only where that is allowed. With benchmark() the fastest
// algorithm is found by trial; else only deterministic ones are used. Operands that are not 16-byte aligned are copied.

// A bias is added to the rounded result.

bool conv2d(const Conv& p, In x, In weight, OptIn bias, Out y);
bool conv2d_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx);
bool conv2d_backward_weight(const Conv& p, In x, In dy, Out dweight);

/// Training. Weight and bias are float32 and must be there, running statistics both or none; at least two rows.
bool batch_norm(int64_t rows, int64_t channels, double eps, double momentum, In x, OptWideIn weight, OptWideIn bias,
                OptWideInOut running_mean, OptWideInOut running_var, Out y, WideOut mean, WideOut inv_std);
bool batch_norm_backward(int64_t rows, int64_t channels, In x, In dy, OptWideIn weight, WideIn mean, WideIn inv_std,
                         OptOut dx, OptWideOut dweight, OptWideOut dbias);

}  // namespace convcore::cuda::dnn
