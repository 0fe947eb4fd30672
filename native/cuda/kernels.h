// Prototypes of the CUDA kernels' host sides. They run on the thread of the device's stream and launch.
#pragma once
#include "../ops.h"
#include "context.h"

// Hidden, so that a missing body fails the link.
#pragma GCC visibility push(hidden)
namespace convcore::cuda {
#define OP(name, signature, counts) void name signature;
#include "../ops.def"
#undef OP

extern const Kernels kernels;
}  // namespace convcore::cuda
#pragma GCC visibility pop
