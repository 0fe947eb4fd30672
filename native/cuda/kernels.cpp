#include "kernels.h"

namespace convcore::cuda {

const Kernels kernels = {
#define OP(name, signature, counts) name,
#include "../ops.def"
#undef OP
};

}  // namespace convcore::cuda
