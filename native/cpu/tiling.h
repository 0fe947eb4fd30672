// How a product is cut into jobs, by its sizes alone.
#pragma once
#include <cstdint>

#include "sizes.h"
#include "threads.h"

namespace convcore::cpu {
namespace {

constexpr int64_t kMaxTile = 512;     // rows and columns: a tile of C stays in the second-level cache
constexpr double kJobWork = 1 << 20;  // multiply-adds worth a job of their own
constexpr int64_t kJobs = 32;         // enough to keep many threads busy
constexpr int64_t kJobsPerThread = 4;
// A piece of a sum costs a write and a read of C: it is more than half this long, and longer than its tile is wide.
constexpr int64_t kMinDepth = 512, kDepthPreference = 4;

/// One job computes an m×n tile of C, or a k-long piece of its sums.
struct Tiling {
  int64_t m, n, k;                // size of a job
  int64_t rows, columns, pieces;  // number of jobs along m, n, k
  int64_t threads;                // that have enough to do

  Tiling(int64_t items, int64_t all_m, int64_t all_n, int64_t all_k, int64_t unit_m, int64_t unit_n,
         int64_t processors) {
    const double wanted = 1.0 * items * all_m * all_n * all_k / kJobWork;
    threads = wanted < kMaxThreads ? 1 + wanted : kMaxThreads;
    // The pieces of sums must not depend on the number of threads; the tiles may.
    cut(items, all_m, all_n, all_k, unit_m, unit_n, wanted < kJobs ? wanted : kJobs, true);
    const int64_t depth = k, jobs = kJobsPerThread * processors;
    pieces = depth > 0 ? divide_up(all_k, depth) : 1;
    cut(items * pieces, all_m, all_n, depth, unit_m, unit_n, wanted < jobs ? wanted : jobs, false);
  }

 private:
  /// Halves the longest side until there are enough jobs.
  void cut(int64_t items, int64_t all_m, int64_t all_n, int64_t all_k, int64_t unit_m, int64_t unit_n, double wanted,
           bool sums) {
    m = even(all_m, divide_up(all_m, kMaxTile), unit_m);
    n = even(all_n, divide_up(all_n, kMaxTile), unit_n);
    k = all_k;
    for (;;) {
      rows = divide_up(all_m, m);
      columns = divide_up(all_n, n);
      if (items * rows * columns * (k > 0 ? divide_up(all_k, k) : 1) >= wanted) return;
      const bool longest = k / kDepthPreference >= (m > n ? m : n);
      if (sums && k > kMinDepth && (longest || (m <= unit_m && n <= unit_n)))
        k = divide_up(k, 2);
      else if (m > unit_m && (m >= n || n <= unit_n))
        m = even(m, 2, unit_m);
      else if (n > unit_n)
        n = even(n, 2, unit_n);
      else
        return;
    }
  }

  static int64_t even(int64_t size, int64_t parts, int64_t unit) { return round_up(divide_up(size, parts), unit); }
};

}  // namespace
}  // namespace convcore::cpu
