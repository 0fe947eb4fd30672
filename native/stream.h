// The in-order queue of one device: the JavaScript thread enqueues, a worker thread runs.
//
// Exactly one thread enqueues and waits, so a ticket (the number of tasks enqueued so far) says all about what has been
// done. A thread that waits helps to run the queue, so that a small computation pays no hand-off.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <thread>
#include <type_traits>
#include <utility>

namespace convcore {

/// Grow-only memory for the scratches of running kernels (scratch.h).
struct Arena {
  std::byte* data = nullptr;
  size_t capacity = 0, used = 0, wanted = 0;
  Arena() = default;
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
};

class Stream {
 public:
  static constexpr uint64_t kCapacity = 1024;  // tasks; a full queue makes enqueue wait
  static constexpr size_t kTaskBytes = 688;
  static constexpr size_t kLine = 64;  // bytes that threads get of each other's at once

  Stream() = default;
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Appends a task, a callable that must not throw. Returns its ticket. Throws Stopped after stop().
  template <class Task>
  uint64_t enqueue(Task task) {
    static_assert(sizeof(Task) <= kTaskBytes && alignof(Task) <= alignof(std::max_align_t));
    static_assert(std::is_nothrow_move_constructible_v<Task>);
    Slot& slot = reserve();
    new (slot.bytes) Task(std::move(task));
    slot.finish = [](void* bytes, bool run) {
      Task& task = *std::launder(static_cast<Task*>(bytes));
      if (run) task();
      task.~Task();
    };
    return publish();
  }

  /// Runs a task here and now if all that was enqueued is done: a small one takes less time than to hand it over.
  /// Whether it did; no ticket is given out.
  template <class Task>
  bool run_if_idle(Task& task) {
    if (completed() != queued() || stopped()) return false;
    Arena* const outer = enter_arena(&arena_);
    task();
    enter_arena(outer);
    return true;
  }

  uint64_t queued() const { return queued_.load(std::memory_order_relaxed); }
  uint64_t completed() const { return completed_.load(std::memory_order_acquire); }
  /// Nobody is going to wait for what was enqueued: the worker is not to leave it to a waiter.
  void hurry();
  /// Returns when the task with this ticket is done.
  void wait(uint64_t ticket);
  /// Finishes the running task, drops the others, ends the worker. Idempotent.
  void stop();
  bool stopped() const { return stopping_.load(std::memory_order_relaxed); }

  /// Whether the calling thread runs a task because it waits for it; else another thread may need its processor.
  static bool runs_in_waiter();

  struct Stopped {};

 private:
  struct alignas(kLine) Slot {
    void (*finish)(void* bytes, bool run);
    alignas(std::max_align_t) std::byte bytes[kTaskBytes];
  };

  /// Sets the calling thread's arena, null outside of tasks. Returns what it was.
  static Arena* enter_arena(Arena* arena);
  Slot& reserve();
  uint64_t publish();
  void work();
  bool nap();
  void stand_aside();
  bool run_next();

  // What one thread writes often lies in a line of its own.
  alignas(kLine) std::atomic<uint64_t> queued_{0};
  uint64_t passed_ = 0;    // completed_ when the enqueuing thread last looked
  Slot* slots_ = nullptr;  // ring, allocated at the first task
  alignas(kLine) std::atomic<uint64_t> completed_{0};
  alignas(kLine) std::atomic<uint64_t> awaited_{0};  // ticket of a waiter that sleeps
  std::atomic<bool> stopping_{false}, worker_sleeps_{false}, waiter_sleeps_{false};
  std::atomic<bool> helped_{false};  // whoever enqueues waits for all of it, and may run it meanwhile
  std::mutex running_;               // held by whoever runs tasks
  std::mutex mutex_;                 // guards the two sleeps
  std::condition_variable wake_worker_, wake_waiter_;
  std::thread worker_;
  Arena arena_;
};

}  // namespace convcore
