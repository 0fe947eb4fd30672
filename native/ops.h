// Expands ops.def: the table of kernels, one per backend.
#pragma once
#include "buffer.h"
#include "geometry.h"

namespace convcore {

/// A backend: one function per op.
struct Kernels {
#define OP(name, signature, counts) void(*name) signature;
#include "ops.def"
#undef OP
};

}  // namespace convcore
