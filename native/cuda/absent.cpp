// The addon built without CUDA.
#include "../check.h"
#include "cuda.h"

namespace convcore::cuda {

const Availability& availability() {
  static const Availability& none =
      *new Availability{0, "this addon was built without CUDA; built with CONVCORE_CUDA=real it has it", false};
  return none;
}

std::unique_ptr<Device> open(int id) {
  fail("expected a CPU device, got %s: %s", device_name(id).c_str(), availability().reason.c_str());
}

Properties properties(int) { return {}; }

std::vector<LibraryInfo> libraries() { return {}; }

}  // namespace convcore::cuda
