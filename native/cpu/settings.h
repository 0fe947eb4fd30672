// Settings of the CPU backend, for the whole process.
#pragma once
#include <string>

namespace convcore::cpu {

enum class ConvAlgorithm { Auto, Gemm, Direct, Winograd };

/// The way that all convolutions go which can; Auto chooses by shape. At first what CONVCORE_CPU_CONV_ALGO says: fails
/// when that is no name.
ConvAlgorithm conv_algorithm();
void set_conv_algorithm(ConvAlgorithm algorithm);
/// "auto", "gemm", "direct", "winograd".
const char* name_of(ConvAlgorithm algorithm);
/// Whether there is one of this name.
bool algorithm_of(const std::string& name, ConvAlgorithm& algorithm);

}  // namespace convcore::cpu
