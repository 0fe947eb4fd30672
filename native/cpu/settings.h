// Settings of the CPU backend, for the whole process.
#pragma once
#include "../choice.h"

namespace convcore::cpu {

enum class ConvAlgorithm { Auto, Gemm, Direct, Winograd };

/// The way that all convolutions go which can; Auto chooses by shape.
ConvAlgorithm conv_algorithm();
/// "auto", "gemm", "direct", "winograd"; CONVCORE_CPU_CONV_ALGO.
Choice<ConvAlgorithm, 4>& conv_algorithms();

}  // namespace convcore::cpu
