// The compute threads: one small pool for the whole process.
#pragma once
#include <atomic>
#include <cstdint>
#include <type_traits>

namespace convcore::cpu {

constexpr int kMaxThreads = 256;

/// Threads that take part in a parallel region, the caller included. CONVCORE_THREADS, or the processors at hand.
int thread_count();

/// Calls body(context, i) for every i in [0, chunks), spread over the threads; returns when all are done. Rethrows the
/// first exception of a chunk. A region inside a region, or beside another stream's, runs on the calling thread alone.
/// Results must not depend on which thread runs a chunk: split work by size, never by thread count.
void run_chunks(int64_t chunks, void (*body)(void* context, int64_t i), void* context);

namespace {

/// [0, n) in a share per thread. Who is done with its own goes on with the others', so that all end together; but the
/// same split gives the same thread the same part, which its caches may still hold.
class Shares {
 public:
  [[gnu::always_inline]] Shares(int64_t n, int64_t threads) : threads_(threads) {
    for (int64_t t = 0; t < threads; ++t) {
      shares_[t].next.store(n * t / threads, std::memory_order_relaxed);
      shares_[t].end = n * (t + 1) / threads;
    }
  }

  template <class F>
  [[gnu::always_inline]] void take(int64_t thread, F&& f) {
    for (int64_t t = 0; t < threads_; ++t) {
      Share& share = shares_[(thread + t) % threads_];
      while (share.next.load(std::memory_order_relaxed) < share.end) {
        const int64_t i = share.next.fetch_add(1, std::memory_order_relaxed);
        if (i < share.end) f(i);
      }
    }
  }

 private:
  struct alignas(64) Share {
    std::atomic<int64_t> next;
    int64_t end;
  };
  int64_t threads_;
  Share shares_[kMaxThreads];
};

/// f(i) for every i in [0, chunks), in parallel.
template <class F>
[[gnu::always_inline]] inline void parallel(int64_t chunks, F&& f) {
  using Body = std::remove_reference_t<F>;
  if (chunks == 1) return f(int64_t{0});
  if (chunks > 1)
    run_chunks(
        chunks, [](void* context, int64_t i) { (*static_cast<Body*>(context))(i); }, &f);
}

/// f(begin, end) over [0, n) in chunks of `grain`, in parallel.
template <class F>
[[gnu::always_inline]] inline void parallel_range(int64_t n, int64_t grain, F&& f) {
  if (n <= 0) return;
  parallel((n + grain - 1) / grain, [&](int64_t i) {
    int64_t begin = i * grain, end = begin + grain < n ? begin + grain : n;
    f(begin, end);
  });
}

/// f(slot, job) for every job in [0, jobs), on at most `slots` threads at a time: a slot is never used by two at once.
template <class F>
[[gnu::always_inline]] inline void for_each_job(int64_t jobs, int64_t slots, F&& f) {
  Shares shares(jobs, slots);
  parallel(slots, [&](int64_t slot) { shares.take(slot, [&](int64_t job) { f(slot, job); }); });
}

}  // namespace
}  // namespace convcore::cpu
