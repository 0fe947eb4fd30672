// The part of cuDNN that is emulated: what the addon uses, on channels-last tensors.
#pragma once

#include "../../cuda/cudnn_subset.h"

extern "C" {

#define F(result, name, parameters) result name parameters;
CUDNN_FUNCTIONS(F)
#undef F

}  // extern "C"
