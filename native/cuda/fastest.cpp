#include "fastest.h"

#include <limits>
#include <map>
#include <mutex>
#include <new>

#include "context.h"

namespace convcore::cuda {
namespace {

constexpr size_t kMostKeys = 4096;

struct Memory {
  std::mutex mutex;
  std::map<std::vector<int64_t>, int> ways;
};

class Stopwatch {
 public:
  Stopwatch() {
    check(cudaEventCreate(&start_), "an event");
    check(cudaEventCreate(&end_), "an event");
  }
  ~Stopwatch() {
    cudaEventDestroy(start_);
    cudaEventDestroy(end_);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  /// Milliseconds of a run after one that warms up; infinity when it cannot be done.
  float time(const Trial& trial, int way) {
    constexpr float kNever = std::numeric_limits<float>::infinity();
    try {
      if (!trial(way)) return kNever;
      check(cudaEventRecord(start_, context().stream), "an event");
      trial(way);
      check(cudaEventRecord(end_, context().stream), "an event");
    } catch (const std::bad_alloc&) {
      return kNever;
    }
    float milliseconds = kNever;
    check(cudaEventSynchronize(end_), "a wait for the GPU");
    check(cudaEventElapsedTime(&milliseconds, start_, end_), "the time between two events");
    return milliseconds;
  }

 private:
  cudaEvent_t start_ = nullptr, end_ = nullptr;
};

}  // namespace

int fastest(std::vector<int64_t> key, int ways, const Trial& trial) {
  static Memory& memory = *new Memory;
  key.push_back(context().device);
  {
    std::lock_guard lock(memory.mutex);
    if (const auto found = memory.ways.find(key); found != memory.ways.end()) return found->second;
  }
  Stopwatch watch;
  int best = -1;
  float least = std::numeric_limits<float>::infinity();
  for (int way = 0; way < ways; ++way)
    if (const float milliseconds = watch.time(trial, way); milliseconds < least) {
      least = milliseconds;
      best = way;
    }
  std::lock_guard lock(memory.mutex);
  if (memory.ways.size() >= kMostKeys) memory.ways.clear();
  memory.ways[key] = best;
  return best;
}

}  // namespace convcore::cuda
