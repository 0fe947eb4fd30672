#include <atomic>
#include <cstdlib>

#include "../check.h"
#include "cuda.h"

namespace convcore::cuda {
namespace {

std::atomic<bool> tf32{false}, timing{false};

constexpr const char* kNames[] = {"auto", "im2col", "implicit", "cudnn"};

std::atomic<int> algorithm{-1};  // −1: what the environment says

}  // namespace

bool tf32_allowed() { return tf32; }
void allow_tf32(bool flag) { tf32 = flag; }
bool benchmark() { return timing; }
void set_benchmark(bool flag) { timing = flag; }

const char* name_of(ConvAlgorithm algorithm) { return kNames[static_cast<int>(algorithm)]; }

bool algorithm_of(const std::string& name, ConvAlgorithm& algorithm) {
  for (int i = 0; i < 4; ++i)
    if (name == kNames[i]) {
      algorithm = static_cast<ConvAlgorithm>(i);
      return true;
    }
  return false;
}

ConvAlgorithm conv_algorithm() {
  if (algorithm < 0) {
    const char* name = std::getenv("CONVCORE_CONV_ALGO");
    ConvAlgorithm chosen = ConvAlgorithm::Auto;
    if (name && *name && !algorithm_of(name, chosen))
      fail("CONVCORE_CONV_ALGO: expected auto, im2col, implicit or cudnn, got %s", name);
    algorithm = static_cast<int>(chosen);
  }
  return static_cast<ConvAlgorithm>(algorithm.load());
}
void set_conv_algorithm(ConvAlgorithm chosen) { algorithm = static_cast<int>(chosen); }

}  // namespace convcore::cuda
