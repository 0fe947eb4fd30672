#include "stream.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "scratch.h"
#include "signals.h"
#include "system.h"

namespace convcore {
namespace {

thread_local Arena* current_arena = nullptr;
thread_local bool waits = false;

// Pauses of 20 to 50 ns. A waiter would take a processor from the threads that compute; an idle worker takes it from
// nobody, and to wake it costs the calling thread more than a small inference does.
constexpr int kWaiterSpins = 1000, kWorkerSpins = 5000;

// Of a full queue so many tasks are waited for at once.
constexpr uint64_t kRoom = Stream::kCapacity / 4;

// Where every result is waited for, the waiter runs all tasks itself, which costs no hand-off. The worker looks only
// now and then whether some are left, since to wake takes a processor from those who compute.
constexpr std::chrono::milliseconds kNap{1};
constexpr int kNaps = 5;

template <class Condition>
bool spin_until(int spins, Condition condition) {
  for (int i = 0; i < spins; ++i) {
    if (condition()) return true;
    system::pause();
  }
  return condition();
}

}  // namespace

Arena::~Arena() { system::free(data); }

Scratch::Scratch(int64_t bytes) : data_(nullptr), mark_(SIZE_MAX) {
  size_t size = (static_cast<size_t>(std::max<int64_t>(bytes, 1)) + 63) / 64 * 64;
  Arena* arena = current_arena;
#ifndef CONVCORE_POOL_NONE
  if (arena) {
    if (arena->used == 0 && arena->capacity < std::max(size, arena->wanted)) {
      system::free(arena->data);
      arena->capacity = (std::max(size, arena->wanted) + system::kHugePage - 1) / system::kHugePage * system::kHugePage;
      arena->data = static_cast<std::byte*>(system::allocate(arena->capacity));  // huge pages: kernels jump about in it
      if (!arena->data) arena->capacity = 0;
    }
    arena->wanted = std::max(arena->wanted, arena->used + size);
    if (arena->used + size <= arena->capacity) {
      mark_ = arena->used;
      data_ = arena->data + arena->used;
      arena->used += size;
      return;
    }
  }
#endif
  // Nested deeper than ever before (the arena grows for the next time), or outside a stream.
  (void)arena;
  data_ = system::allocate(size);
  if (!data_) throw std::bad_alloc();
}

Scratch::~Scratch() {
  if (mark_ == SIZE_MAX)
    system::free(data_);
  else
    current_arena->used = mark_;
}

Stream::~Stream() {
  stop();
  system::free(slots_);
}

Stream::Slot& Stream::reserve() {
  if (stopped()) throw Stopped{};
  if (!slots_) {
    slots_ = static_cast<Slot*>(system::allocate(sizeof(Slot) * kCapacity));
    if (!slots_) throw std::bad_alloc();
  }
  if (!worker_.joinable()) {
    BlockSignals block;
    worker_ = std::thread([this] { work(); });
  }
  uint64_t ticket = queued();
  if (ticket - passed_ == kCapacity) {
    if (ticket - completed() == kCapacity) wait(ticket - kCapacity + kRoom);
    passed_ = completed();
  }
  return slots_[ticket % kCapacity];
}

uint64_t Stream::publish() {
  uint64_t ticket = queued() + 1;
  queued_.store(ticket);
  if (worker_sleeps_.load()) {
    std::lock_guard lock(mutex_);
    wake_worker_.notify_one();
  }
  return ticket;
}

Arena* Stream::enter_arena(Arena* arena) { return std::exchange(current_arena, arena); }

bool Stream::run_next() {
  uint64_t next = completed_.load(std::memory_order_relaxed);
  if (next == queued_.load(std::memory_order_acquire)) return false;
  Slot& slot = slots_[next % kCapacity];
  enter_arena(&arena_);
  slot.finish(slot.bytes, true);
  enter_arena(nullptr);
  completed_.store(next + 1);
  if (waiter_sleeps_.load() && next + 1 >= awaited_.load()) {
    std::lock_guard lock(mutex_);
    wake_waiter_.notify_one();
  }
  return true;
}

void Stream::work() {
  auto ready = [this] { return queued_.load() != completed_.load() || stopping_.load(); };
  while (!stopping_.load()) {
    if (helped_.load() ? nap() : spin_until(kWorkerSpins, ready)) {
      if (std::unique_lock run(running_, std::try_to_lock); run)
        while (!stopping_.load() && run_next()) {
        }
      else
        stand_aside();
    } else {
      std::unique_lock lock(mutex_);
      worker_sleeps_.store(true);
      wake_worker_.wait(lock, ready);
      worker_sleeps_.store(false);
    }
  }
}

/// While a waiter runs tasks, however long: it says so when it leaves some.
void Stream::stand_aside() {
  std::unique_lock lock(mutex_);
  worker_sleeps_.store(true);
  wake_worker_.wait_for(lock, kNap);
  worker_sleeps_.store(false);
}

/// Whether tasks are in a hurry, or were left for some time.
bool Stream::nap() {
  std::unique_lock lock(mutex_);
  for (int i = 0; i < kNaps; ++i) {
    const uint64_t before = queued_.load();
    if (wake_worker_.wait_for(lock, kNap, [this] { return !helped_.load() || stopping_.load(); })) return true;
    if (completed_.load() < before) {
      helped_.store(false);
      return true;
    }
  }
  return false;
}

void Stream::hurry() {
  if (!helped_.exchange(false)) return;
  std::lock_guard lock(mutex_);
  wake_worker_.notify_one();
}

void Stream::wait(uint64_t ticket) {
  if (ticket == queued()) helped_.store(true);
  while (completed() < ticket && !stopped()) {
    if (std::unique_lock run(running_, std::try_to_lock); run) {
      waits = true;
      while (completed() < ticket && run_next()) {
      }
      waits = false;
      run.unlock();
      if (worker_sleeps_.load() && completed() != queued()) {
        std::lock_guard lock(mutex_);
        wake_worker_.notify_one();
      }
    } else if (!spin_until(kWaiterSpins, [&] { return completed() >= ticket; })) {
      std::unique_lock lock(mutex_);
      awaited_.store(ticket);
      waiter_sleeps_.store(true);
      wake_waiter_.wait(lock, [&] { return completed_.load() >= ticket; });
      waiter_sleeps_.store(false);
    }
  }
}

bool Stream::runs_in_waiter() { return waits; }

void Stream::stop() {
  if (stopping_.exchange(true)) return;
  {
    std::lock_guard lock(mutex_);
    wake_worker_.notify_one();
  }
  if (worker_.joinable()) worker_.join();
  for (uint64_t i = completed(); i < queued(); ++i) {
    Slot& slot = slots_[i % kCapacity];
    slot.finish(slot.bytes, false);
  }
  completed_.store(queued());
}

}  // namespace convcore
