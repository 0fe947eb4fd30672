#include "settings.h"

#include <atomic>
#include <cstdlib>

#include "../check.h"

namespace convcore::cpu {
namespace {

constexpr const char* kNames[] = {"auto", "gemm", "direct", "winograd"};

std::atomic<int> algorithm{-1};  // −1: what the environment says

}  // namespace

const char* name_of(ConvAlgorithm algorithm) { return kNames[static_cast<int>(algorithm)]; }

bool algorithm_of(const std::string& name, ConvAlgorithm& algorithm) {
  int i = 0;
  for (const char* known : kNames) {
    if (name == known) {
      algorithm = static_cast<ConvAlgorithm>(i);
      return true;
    }
    ++i;
  }
  return false;
}

ConvAlgorithm conv_algorithm() {
  if (algorithm < 0) {
    const char* name = std::getenv("CONVCORE_CPU_CONV_ALGO");
    ConvAlgorithm chosen = ConvAlgorithm::Auto;
    if (name && *name && !algorithm_of(name, chosen))
      fail("CONVCORE_CPU_CONV_ALGO: expected auto, gemm, direct or winograd, got %s", name);
    algorithm = static_cast<int>(chosen);
  }
  return static_cast<ConvAlgorithm>(algorithm.load());
}

void set_conv_algorithm(ConvAlgorithm chosen) { algorithm = static_cast<int>(chosen); }

}  // namespace convcore::cpu
