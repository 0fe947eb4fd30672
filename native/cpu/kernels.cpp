#include "kernels.h"

namespace convcore::cpu::ISA {

extern const Kernels kernels;
const Kernels kernels = {
#define OP(name, signature, counts) name,
#include "../ops.def"
#undef OP
};

}  // namespace convcore::cpu::ISA
