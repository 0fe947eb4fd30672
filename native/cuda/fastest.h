// Which of several ways is the fastest on this device, by trial.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

namespace convcore::cuda {

/// Runs a way; false when it cannot be done, and nothing was done.
using Trial = std::function<bool(int way)>;

/// The fastest of `ways` ways, timed at the first call for this key and device and from then on remembered, in all
/// threads; −1 when none can be done. A way that finds no memory for its temporary data is none.
int fastest(std::vector<int64_t> key, int ways, const Trial& trial);

}  // namespace convcore::cuda
