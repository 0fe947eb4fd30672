// Host memory that the GPU copies to and from by itself, kept for reuse.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

namespace convcore::cuda {

class Pinned {
 public:
  Pinned() = default;
  /// Nothing may be on its way any more.
  ~Pinned();
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

  /// Throws std::bad_alloc.
  std::byte* take(size_t bytes);
  /// Idle once what the stream has been told so far is done.
  void give_back(std::byte* data, size_t bytes, cudaStream_t stream);
  /// Idle at once.
  void give_back(std::byte* data, size_t bytes);

 private:
  static constexpr int kClasses = 48;
  struct Busy {
    cudaEvent_t event;
    std::byte* data;
    int size_class;
  };
  static int class_of(size_t bytes);
  void reap();

  std::mutex mutex_;
  std::vector<std::byte*> idle_[kClasses];
  std::deque<Busy> busy_;
  std::vector<cudaEvent_t> events_;
};

}  // namespace convcore::cuda
