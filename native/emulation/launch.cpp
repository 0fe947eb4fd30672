#include "launch.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <unordered_map>
#include <vector>

#include "block.h"
#include "device.h"
#include "memory.h"
#include "stream.h"

namespace emulation {
namespace {

constexpr size_t kUsualShared = size_t{48} << 10;  // more only after cudaFuncSetAttribute
constexpr size_t kZone = size_t{64} << 10;

std::unordered_map<const void*, size_t>& shared_limits() {
  static std::unordered_map<const void*, size_t> limits;
  return limits;
}

bool within_limits(const cudaLaunchConfig_t& config, const void* kernel) {
  const dim3 &grid = config.gridDim, &block = config.blockDim;
  auto limit = shared_limits().find(kernel);
  size_t threads = size_t{block.x} * block.y * block.z;
  return threads > 0 && threads <= kMaxThreads && block.z <= 64 && grid.x > 0 && grid.x <= 0x7fffffffu && grid.y > 0 &&
         grid.y <= 65535 && grid.z > 0 && grid.z <= 65535 &&
         config.dynamicSmemBytes <= (limit == shared_limits().end() ? kUsualShared : limit->second);
}

void run_grid(const dim3& grid, const dim3& block, size_t shared, int device, const Call& call) {
  Unprotected unprotected;
  running = Running{};
  running.call = &call;
  running.device = device;
  running.shared_bytes = shared;
  running.launch_begin = next_time();
  builtins.block_size = block;
  builtins.grid_size = grid;
  std::vector<uint64_t> order(uint64_t{grid.x} * grid.y * grid.z);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), generator());
  for (uint64_t i : order) {
    if (shared > 0) std::memset(shared_memory().begin, 0xff, shared);
    run_block({static_cast<unsigned>(i % grid.x), static_cast<unsigned>(i / grid.x % grid.y),
               static_cast<unsigned>(i / grid.x / grid.y)});
  }
}

}  // namespace

uint64_t seed() {
  static const uint64_t value = [] {
    const char* given = std::getenv("EMULATION_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  }();
  return value;
}

std::mt19937_64& generator() {
  static std::mt19937_64 engine(seed());
  return engine;
}

const SharedMemory& shared_memory() {
  static const SharedMemory memory = [] {
    size_t bytes = kZone + kMaxShared + kZone;
    char* zone = static_cast<char*>(std::aligned_alloc(1024, bytes));
    return SharedMemory{zone, zone + kZone, zone + bytes};
  }();
  return memory;
}

void* dynamic_shared() { return shared_memory().begin; }

cudaError_t set_shared_limit(const void* kernel, int bytes) {
  Lock lock = hold();
  if (bytes < 0 || static_cast<size_t>(bytes) > kMaxShared) return fail(cudaErrorInvalidValue);
  shared_limits()[kernel] = static_cast<size_t>(bytes);
  return cudaSuccess;
}

cudaError_t launch(const cudaLaunchConfig_t& config, std::shared_ptr<const Call> call) {
  Lock lock = hold();
  if (!within_limits(config, call->kernel)) return fail(cudaErrorInvalidConfiguration);
  CUstream_st& stream = resolve(config.stream);
  if (stream.device != current_device()) return fail(cudaErrorInvalidResourceHandle);
  enqueue(stream, [grid = config.gridDim, block = config.blockDim, shared = config.dynamicSmemBytes,
                   device = stream.device, call = std::move(call)] { run_grid(grid, block, shared, device, *call); });
  return cudaSuccess;
}

}  // namespace emulation
