#include "settings.h"

namespace convcore::cpu {
namespace {

constexpr const char* kNames[] = {"auto", "gemm", "direct", "winograd"};
Choice<ConvAlgorithm, 4> algorithms("CONVCORE_CPU_CONV_ALGO", kNames);

}  // namespace

ConvAlgorithm conv_algorithm() { return algorithms.get(); }
Choice<ConvAlgorithm, 4>& conv_algorithms() { return algorithms; }

}  // namespace convcore::cpu
