// The dtypes of images.
#pragma once
#include "../pixel.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

/// Calls f(T{}, C{}) with the C++ type of images' elements and what they are computed in.
template <class F>
void dispatch_pixels(DType dtype, F&& f) {
  if (dtype == DType::UInt8) return f(uint8_t{}, float{});
  dispatch_storage(dtype, [&](auto zero) { f(zero, Compute<decltype(zero)>{}); });
}

}  // namespace
}  // namespace convcore::cuda
