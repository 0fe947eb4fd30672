#include <atomic>

#include "cuda.h"

namespace convcore::cuda {
namespace {

std::atomic<bool> tf32{false}, timing{false};

constexpr const char* kNames[] = {"auto", "im2col", "implicit", "cudnn"};
Choice<ConvAlgorithm, 4> algorithms("CONVCORE_CONV_ALGO", kNames);

}  // namespace

bool tf32_allowed() { return tf32; }
void allow_tf32(bool flag) { tf32 = flag; }
bool benchmark() { return timing; }
void set_benchmark(bool flag) { timing = flag; }

ConvAlgorithm conv_algorithm() { return algorithms.get(); }
Choice<ConvAlgorithm, 4>& conv_algorithms() { return algorithms; }

}  // namespace convcore::cuda
