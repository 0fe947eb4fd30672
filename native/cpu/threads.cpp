#include "threads.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "../signals.h"
#include "../stream.h"
#include "../system.h"

namespace convcore::cpu {
namespace {

// A thread busy-waits this long before it sleeps: longer than the gap between two ops of a stream, and about what a
// wake-up costs; longer where JavaScript stands still meanwhile, so that nobody needs the processor.
constexpr std::chrono::microseconds kSpin{20}, kPatientSpin{200};

int wanted_threads() {
  const char* text = getenv("CONVCORE_THREADS");
  if (!text || !*text) return std::min(system::available_processors(), kMaxThreads);
  char* end;
  long threads = strtol(text, &end, 10);
  if (*end || threads < 1)
    throw std::invalid_argument("CONVCORE_THREADS: expected an integer of at least 1, got '" + std::string(text) + "'");
  return std::min<long>(threads, kMaxThreads);
}

template <class F>
bool spin_until(std::chrono::microseconds spin, F done) {
  auto deadline = std::chrono::steady_clock::now() + spin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (done()) return true;
      system::pause();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return false;
}

/// One call of run_chunks; lives on its caller's stack.
struct Region {
  void (*body)(void* context, int64_t i);
  void* context;
  Shares shares;
  std::atomic<bool> failed{false};
  std::exception_ptr error{};

  void work(int thread) {
    shares.take(thread, [&](int64_t i) {
      if (failed.load(std::memory_order_relaxed)) return;
      try {
        body(context, i);
      } catch (...) {
        if (!failed.exchange(true)) error = std::current_exception();
      }
    });
  }
};

/// Lives until the process ends: its threads are detached and nothing destroys it.
class Pool {
 public:
  static Pool& start() {
    int threads = wanted_threads();
    auto* pool = new Pool;
    BlockSignals block;
    try {
      for (; pool->threads_ < threads; ++pool->threads_)
        std::thread([pool, thread = pool->threads_] { pool->serve(thread); }).detach();
    } catch (const std::system_error&) {  // a limit on processes: fewer threads give the same results
    }
    return *pool;
  }

  int threads() const { return threads_; }
  bool try_enter() { return threads_ > 1 && !busy_.exchange(true, std::memory_order_acquire); }
  void leave() { busy_.store(false, std::memory_order_release); }

  void run(Region& region, int64_t chunks) {
    caller_processor_ = system::current_processor();
    patient_.store(Stream::runs_in_waiter(), std::memory_order_relaxed);
    region_ = &region;
    wake(chunks - 1);
    region.work(0);
    region_ = nullptr;
    if (spin_until(kSpin, [this] { return active_ == 0; })) return;
    std::unique_lock lock(mutex_);
    caller_sleeps_ = true;
    idle_.wait(lock, [this] { return active_ == 0; });
    caller_sleeps_ = false;
  }

 private:
  // A worker reads region_ only while it counts as active, and the caller waits for active_ == 0 after it withdrew the
  // region. Both sides write first and read then, in sequentially consistent order, so one of them sees the other.
  void serve(int thread) {
    system::name_thread("convcore");
    for (;;) {
      const auto spin = patient_.load(std::memory_order_relaxed) ? kPatientSpin : kSpin;
      if (!spin_until(spin, [this] { return region_ != nullptr; })) sleep();
      ++active_;
      if (Region* region = region_) {
        region->work(thread);
        region_ = nullptr;  // used up: nobody else need come
      }
      if (--active_ == 0 && caller_sleeps_) {
        std::lock_guard lock(mutex_);
        idle_.notify_one();
      }
    }
  }

  void sleep() {
    {
      std::unique_lock lock(mutex_);
      ++sleepers_;
      offered_.wait(lock, [this] { return region_ != nullptr; });
      --sleepers_;
    }
    // Linux may wake a worker on the processor of the thread that woke it, where it only takes turns with that thread,
    // and leave it there: its sleeps are too short for the load balancer. Having moved once, it wakes elsewhere.
    system::leave_processor(caller_processor_);
  }

  void wake(int64_t helpers) {
    int sleepers = sleepers_;
    if (sleepers == 0) return;
    { std::lock_guard lock(mutex_); }  // whoever counts as a sleeper waits by now, or sees the region
    if (helpers >= sleepers) return offered_.notify_all();
    for (; helpers > 0; --helpers) offered_.notify_one();
  }

  int threads_ = 1;  // the caller's included
  std::atomic<bool> busy_{false}, patient_{false};
  alignas(64) std::atomic<Region*> region_{nullptr};
  alignas(64) std::atomic<int> active_{0};
  std::atomic<bool> caller_sleeps_{false};
  std::atomic<int> sleepers_{0};
  std::atomic<int> caller_processor_{-1};
  std::mutex mutex_;
  std::condition_variable offered_, idle_;
};

Pool& pool() {
  static Pool& pool = Pool::start();
  return pool;
}

}  // namespace

int thread_count() { return pool().threads(); }

void run_chunks(int64_t chunks, void (*body)(void* context, int64_t i), void* context) {
  if (chunks <= 1 || !pool().try_enter()) {
    for (int64_t i = 0; i < chunks; ++i) body(context, i);
    return;
  }
  Region region{body, context, Shares(chunks, pool().threads())};
  pool().run(region, chunks);
  pool().leave();
  if (region.error) std::rethrow_exception(region.error);
}

}  // namespace convcore::cpu
