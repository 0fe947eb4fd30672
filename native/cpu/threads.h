// The compute threads: one small pool for the whole process.
#pragma once
#include <atomic>
#include <cstdint>
#include <type_traits>

namespace convcore::cpu {

/// Threads that take part in a parallel region, the caller included. CONVCORE_THREADS, or the processors at hand.
int thread_count();

/// Calls body(context, i) for every i in [0, chunks), spread over the threads; returns when all are done. Rethrows the
/// first exception of a chunk. A region inside a region, or beside another stream's, runs on the calling thread alone.
/// Results must not depend on which thread runs a chunk: split work by size, never by thread count.
void run_chunks(int64_t chunks, void (*body)(void* context, int64_t i), void* context);

namespace {

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
  std::atomic<int64_t> next{0};
  parallel(slots, [&](int64_t slot) {
    for (int64_t job; (job = next.fetch_add(1, std::memory_order_relaxed)) < jobs;) f(slot, job);
  });
}

}  // namespace
}  // namespace convcore::cpu
