// The instruction set in use.
#pragma once
#include "../ops.h"

namespace convcore::cpu {

struct Isa {
  const char* name;
  const Kernels* kernels;
};

/// The best instruction set that the processor has, or the one that CONVCORE_ISA names. Chosen once.
/// Throws std::invalid_argument when CONVCORE_ISA names one that is unknown or not there.
const Isa& isa();

}  // namespace convcore::cpu
