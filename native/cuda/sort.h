// Sorting many lines at once: tiles in shared memory by a bitonic network (Batcher, "Sorting networks and their
// applications", 1968), then pairs of sorted runs merged by rank until each line is one.
#pragma once
#include "../order.h"
#include "context.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

constexpr int kTileEntries = 1024;  // that a block sorts

/// Lines of n entries in segments of `size`, a power of two; a block sorts as many segments as fit its tile.
struct Segments {
  int64_t lines, n, per_line;
  int size = 1;

  Segments(int64_t lines, int64_t n) : lines(lines), n(n) {
    while (size < n && size < kTileEntries) size *= 2;
    per_line = (n + size - 1) / size;
  }
  int64_t blocks() const {
    const int64_t each = kTileEntries / size;
    return (lines * per_line + each - 1) / each;
  }
};

/// Sorts each segment of at(line, i) and hands the entries to emit(line, i, entry).
template <class E, class At, class Emit>
__global__ void sort_tiles(Segments segments, At at, Emit emit) {
  __shared__ uint64_t memory[kTileEntries * sizeof(E) / sizeof(uint64_t)];
  E* tile = reinterpret_cast<E*>(memory);
  const int size = segments.size;
  const int64_t first = blockIdx.x * static_cast<int64_t>(kTileEntries / size);
  auto place = [&](int slot, int64_t& line, int64_t& i) {
    const int64_t segment = first + slot / size;
    line = segment / segments.per_line;
    i = segment % segments.per_line * size + slot % size;
    return line < segments.lines && i < segments.n;
  };
  int64_t line, i;
  for (int slot = threadIdx.x; slot < kTileEntries; slot += kThreads)
    tile[slot] = place(slot, line, i) ? at(line, i) : E::last();
  for (int width = 2; width <= size; width *= 2)
    for (int distance = width / 2; distance > 0; distance /= 2) {
      __syncthreads();
      for (int pair = threadIdx.x; pair < kTileEntries / 2; pair += kThreads) {
        const int low = pair / distance * 2 * distance + pair % distance, high = low + distance;
        // Inside a segment every second run of `width` goes down, but for the last merge.
        const bool down = (low % size) & width;
        const E a = tile[low], b = tile[high];
        if (b.before(a) != down) {
          tile[low] = b;
          tile[high] = a;
        }
      }
    }
  __syncthreads();
  for (int slot = threadIdx.x; slot < kTileEntries; slot += kThreads)
    if (place(slot, line, i)) emit(line, i, tile[slot]);
}

/// How many of n sorted entries come before `entry`.
template <class E>
__device__ int64_t rank_of(const E& entry, const E* sorted, int64_t n) {
  int64_t low = 0, high = n;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (sorted[middle].before(entry))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/// Runs of `width` become runs of twice the width: an entry's place is its own in its run and its rank in the other.
template <class E>
__global__ void merge_runs(int64_t lines, int64_t n, int64_t width, const E* from, E* to) {
  for_each(lines * n, [&](int64_t at) {
    const int64_t i = at % n, run = i / width * width, other = (i / width ^ 1) * width;
    const E* line = from + (at - i);
    const E mine = line[i];
    const int64_t length = other >= n ? 0 : (n - other < width ? n - other : width);
    const int64_t start = run < other ? run : other;
    to[at - i + start + (i - run) + rank_of(mine, line + other, length)] = mine;
  });
}

template <class E>
struct Keep {
  int64_t n;
  E* entries;
  __device__ void operator()(int64_t line, int64_t i, const E& entry) const { entries[line * n + i] = entry; }
};

/// The lines of at(line, i), sorted, in one of two rooms of lines · n entries.
template <class E, class At>
const E* sort_into(int64_t lines, int64_t n, At at, E* room, E* spare) {
  const Segments segments(lines, n);
  launch(sort_tiles<E, At, Keep<E>>, dim3(static_cast<unsigned>(segments.blocks())), kThreads, 0, segments, at,
         Keep<E>{n, room});
  for (int64_t width = segments.size; width < n; width *= 2) {
    launch(merge_runs<E>, blocks_for(lines * n), kThreads, 0, lines, n, width, static_cast<const E*>(room), spare);
    E* swap = room;
    room = spare;
    spare = swap;
  }
  return room;
}

}  // namespace
}  // namespace convcore::cuda
