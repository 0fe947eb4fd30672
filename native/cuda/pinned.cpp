#include "pinned.h"

#include <algorithm>
#include <new>

namespace convcore::cuda {

/// Sizes are powers of two from 4 KiB on.
int Pinned::class_of(size_t bytes) { return 64 - __builtin_clzll((std::max<size_t>(bytes, 1) - 1) >> 12 | 1); }

Pinned::~Pinned() {
  for (Busy& busy : busy_) {
    cudaFreeHost(busy.data);
    cudaEventDestroy(busy.event);
  }
  for (cudaEvent_t event : events_) cudaEventDestroy(event);
  for (auto& blocks : idle_)
    for (std::byte* data : blocks) cudaFreeHost(data);
}

/// Takes back what the GPU is done with. One stream uses all blocks, so they come back in order.
void Pinned::reap() {
  while (!busy_.empty() && cudaEventQuery(busy_.front().event) != cudaErrorNotReady) {
    idle_[busy_.front().size_class].push_back(busy_.front().data);
    events_.push_back(busy_.front().event);
    busy_.pop_front();
  }
}

std::byte* Pinned::take(size_t bytes) {
  std::lock_guard lock(mutex_);
  reap();
  auto& blocks = idle_[class_of(bytes)];
  if (!blocks.empty()) {
    std::byte* data = blocks.back();
    blocks.pop_back();
    return data;
  }
  void* data = nullptr;
  if (cudaHostAlloc(&data, size_t{1} << (12 + class_of(bytes)), cudaHostAllocDefault) != cudaSuccess) {
    cudaGetLastError();
    throw std::bad_alloc();
  }
  return static_cast<std::byte*>(data);
}

void Pinned::give_back(std::byte* data, size_t bytes, cudaStream_t stream) {
  std::lock_guard lock(mutex_);
  cudaEvent_t event = nullptr;
  if (!events_.empty()) {
    event = events_.back();
    events_.pop_back();
  } else if (cudaEventCreateWithFlags(&event, cudaEventDisableTiming) != cudaSuccess) {
    cudaStreamSynchronize(stream);
    idle_[class_of(bytes)].push_back(data);
    return;
  }
  cudaEventRecord(event, stream);
  busy_.push_back({event, data, class_of(bytes)});
}

void Pinned::give_back(std::byte* data, size_t bytes) {
  std::lock_guard lock(mutex_);
  idle_[class_of(bytes)].push_back(data);
}

}  // namespace convcore::cuda
