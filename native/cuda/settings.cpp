#include <atomic>

#include "cuda.h"

namespace convcore::cuda {
namespace {
std::atomic<bool> tf32{false}, timing{false};
}

bool tf32_allowed() { return tf32; }
void allow_tf32(bool flag) { tf32 = flag; }
bool benchmark() { return timing; }
void set_benchmark(bool flag) { timing = flag; }

}  // namespace convcore::cuda
