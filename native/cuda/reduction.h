// Reductions that several kernels share. Each is split in a way that depends on the sizes alone, and its parts are
// combined in a fixed order.
#pragma once
#include <limits>

#include "context.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

constexpr int kWarps = kThreads / 32;  // of a block

/// Σ over the block's threads, all of which must call it; every thread gets it. `shared` has kWarps elements.
template <class C>
__device__ C block_sum(C value, C* shared) {
  value = warp_sum(value);
  __syncthreads();  // whoever still reads what an earlier call left
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = value;
  __syncthreads();
  C total = 0;
  for (int w = 0; w < kWarps; ++w) total += shared[w];
  return total;
}

/// The greatest over a warp; NaN is passed over.
template <class C>
__device__ __forceinline__ C warp_max(C value) {
  for (int distance = 16; distance > 0; distance /= 2) {
    const C other = __shfl_xor_sync(0xffffffffu, value, distance);
    value = other > value ? other : value;
  }
  return value;
}

template <class C>
__device__ C block_max(C value, C* shared) {
  value = warp_max(value);
  __syncthreads();
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = value;
  __syncthreads();
  C top = shared[0];
  for (int w = 1; w < kWarps; ++w) top = shared[w] > top ? shared[w] : top;
  return top;
}

template <class C>
__device__ __forceinline__ C lowest() {
  return -std::numeric_limits<C>::infinity();
}

/// A warp that works on one row, beside the block's others.
template <class C>
struct WarpGroup {
  static constexpr int kSize = 32;
  static dim3 grid(int64_t rows) { return blocks_for(rows * kSize); }

  __device__ int64_t first() const { return static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32; }
  __device__ int64_t step() const { return static_cast<int64_t>(gridDim.x) * kWarps; }
  __device__ int lane() const { return threadIdx.x % 32; }
  __device__ C sum(C value) const { return warp_sum(value); }
  __device__ C max(C value) const { return warp_max(value); }
};

/// A block that works on one row.
template <class C>
struct BlockGroup {
  static constexpr int kSize = kThreads;
  static dim3 grid(int64_t rows) { return dim3(static_cast<unsigned>(rows < (1 << 20) ? rows : 1 << 20)); }

  __device__ int64_t first() const { return blockIdx.x; }
  __device__ int64_t step() const { return gridDim.x; }
  __device__ int lane() const { return threadIdx.x; }
  __device__ C sum(C value) const {
    __shared__ C shared[kWarps];
    return block_sum(value, shared);
  }
  __device__ C max(C value) const {
    __shared__ C shared[kWarps];
    return block_max(value, shared);
  }
};

constexpr int64_t kLongRow = 2048;  // elements from which a row has a block

/// A sum of K terms at once.
template <class C, int K>
struct Sums {
  C s[K];  // no initialiser, since shared memory has none: Sums{} is zero
  __device__ void merge(const Sums& other) {
    for (int k = 0; k < K; ++k) s[k] += other.s[k];
  }
};

/// How the columns of [outer, n, inner] are reduced: a block takes `width` columns with kThreads / width threads each,
/// and one of `blocks` stretches of `rows` rows.
struct ColumnSplit {
  int width = 1;
  int64_t n, inner, tiles, rows, blocks;

  ColumnSplit(int64_t outer, int64_t n, int64_t inner) : n(n), inner(inner) {
    while (width < inner && width < 32) width *= 2;
    tiles = (inner + width - 1) / width;
    const int64_t columns = outer * tiles > 0 ? outer * tiles : 1, least = kThreads / width * 8;
    const int64_t wanted = columns < kBlocks ? kBlocks / columns : 1;
    rows = (n + wanted - 1) / wanted;
    if (rows < least) rows = least;
    blocks = n > 0 ? (n + rows - 1) / rows : 1;
  }

 private:
  static constexpr int64_t kBlocks = 1024;  // enough for any GPU
};

/// Merges the accumulators of the threads whose indices differ by multiples of `width`, in a tree; thread c < width
/// ends with the result of column c. All threads of the block must call it.
template <class Accumulator>
__device__ void merge_lanes(Accumulator& mine, int width, Accumulator* shared) {
  __syncthreads();
  shared[threadIdx.x] = mine;
  for (int half = kThreads / 2; half >= width; half /= 2) {
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < half) {
      mine.merge(shared[threadIdx.x + half]);
      shared[threadIdx.x] = mine;
    }
  }
}

/// partial[o, block, c] = what source(i, c, accumulator) makes of the elements i of column c in the block's rows.
template <class Accumulator, class Source>
__global__ void reduce_columns(ColumnSplit split, Source source, Accumulator* partial) {
  __shared__ Accumulator shared[kThreads];
  const int64_t tile = blockIdx.x % split.tiles, o = blockIdx.x / split.tiles, inner = split.inner;
  const int64_t c = tile * split.width + threadIdx.x % split.width;
  const int64_t begin = blockIdx.y * split.rows, end = begin + split.rows < split.n ? begin + split.rows : split.n;
  const int lanes = kThreads / split.width;
  Accumulator mine{};
  if (c < inner) {
#pragma unroll 4
    for (int64_t row = begin + threadIdx.x / split.width; row < end; row += lanes)
      source((o * split.n + row) * inner + c, c, mine);
  }
  merge_lanes(mine, split.width, shared);
  if (static_cast<int>(threadIdx.x) < split.width && c < inner)
    partial[(o * split.blocks + blockIdx.y) * inner + c] = mine;
}

/// emit(o, c, accumulator) for every column, of all its blocks merged; one warp per column.
template <class Accumulator, class Emit>
__global__ void finish_columns(int64_t columns, ColumnSplit split, const Accumulator* partial, Emit emit) {
  __shared__ Accumulator shared[kThreads];
  const int lane = threadIdx.x % 32;
  for (int64_t first = static_cast<int64_t>(blockIdx.x) * kWarps; first < columns; first += gridDim.x * kWarps) {
    const int64_t column = first + threadIdx.x / 32, o = column / split.inner, c = column % split.inner;
    Accumulator mine{};
    if (column < columns)
      for (int64_t b = lane; b < split.blocks; b += 32) mine.merge(partial[(o * split.blocks + b) * split.inner + c]);
    __syncwarp();
    shared[threadIdx.x] = mine;
    for (int half = 16; half > 0; half /= 2) {
      __syncwarp();
      if (lane < half) {
        mine.merge(shared[threadIdx.x + half]);
        shared[threadIdx.x] = mine;
      }
    }
    if (lane == 0 && column < columns) emit(o, c, mine);
  }
}

/// Reduces the columns of [outer, n, inner] with source(i, c, accumulator), i an element of column c, and hands each
/// result to emit(o, c, accumulator).
template <class Accumulator, class Source, class Emit>
void column_reduction(int64_t outer, int64_t n, int64_t inner, Source source, Emit emit) {
  const int64_t columns = outer * inner;
  if (columns == 0) return;
  const ColumnSplit split(outer, n, inner);
  const Scratch scratch(columns * split.blocks * static_cast<int64_t>(sizeof(Accumulator)));
  auto* partial = scratch.as<Accumulator>();
  const dim3 grid(static_cast<unsigned>(outer * split.tiles), static_cast<unsigned>(split.blocks));
  launch(reduce_columns<Accumulator, Source>, grid, kThreads, 0, split, source, partial);
  launch(finish_columns<Accumulator, Emit>, blocks_for(columns * 32), kThreads, 0, columns, split,
         static_cast<const Accumulator*>(partial), emit);
}

}  // namespace
}  // namespace convcore::cuda
