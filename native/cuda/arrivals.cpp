#include "arrivals.h"

#include "../signals.h"
#include "context.h"
#include "memory.h"

namespace convcore::cuda {

Arrivals::~Arrivals() {
  stop();
  for (cudaEvent_t event : events_) cudaEventDestroy(event);
}

void Arrivals::after(cudaStream_t stream, Action action) {
  std::lock_guard lock(mutex_);
  if (!thread_.joinable()) {
    BlockSignals block;
    thread_ = std::thread([this] { work(); });
  }
  cudaEvent_t event = nullptr;
  if (events_.empty())
    check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming | cudaEventBlockingSync), "an event");
  else {
    event = events_.back();
    events_.pop_back();
  }
  check(cudaEventRecord(event, stream), "an event");
  queue_.push_back({event, std::move(action)});
  changed_.notify_one();
}

void Arrivals::work() {
  select(ordinal_);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Waiting next = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    next.action(cudaEventSynchronize(next.event));
    lock.lock();
    events_.push_back(next.event);
  }
}

void Arrivals::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace convcore::cuda
