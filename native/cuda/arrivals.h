// A thread that waits for the GPU, so that neither JavaScript nor the stream's worker does.
#pragma once
#include <cuda_runtime.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace convcore::cuda {

class Arrivals {
 public:
  using Action = std::function<void(cudaError_t)>;

  explicit Arrivals(int ordinal) : ordinal_(ordinal) {}
  ~Arrivals();
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  /// `action` runs on the thread once the stream has done what it was told so far; actions run in order.
  void after(cudaStream_t stream, Action action);
  /// Runs what is waiting, then ends the thread.
  void stop();

 private:
  struct Waiting {
    cudaEvent_t event;
    Action action;
  };
  void work();

  int ordinal_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> queue_;
  std::vector<cudaEvent_t> events_;  // for reuse
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace convcore::cuda
