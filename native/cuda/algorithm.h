// Which way a convolution goes on CUDA.
#pragma once
#include <functional>

#include "conv.h"

namespace convcore::cuda {

enum class ConvWay { Cudnn, Columns, Implicit, Depthwise };

/// Runs a pass one way; false when this way cannot do it, and nothing was done.
using ConvAttempt = std::function<bool(ConvWay)>;

/// Runs a pass the way that was asked for (conv_algorithm() in cuda.h), that was the fastest when all were timed
/// (benchmark()), or that its shape alone tells, so that results repeat.
void by_algorithm(ConvPass pass, const Conv& p, DType dtype, const ConvAttempt& attempt);

}  // namespace convcore::cuda
