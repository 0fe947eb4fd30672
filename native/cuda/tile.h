// A matrix product by tiles, y[m×n] = a[m×k] · b[k×n], whose factors come through loaders and whose result goes through
// a target. So one kernel is the product of dense matrices and the implicit GEMM of a convolution, which reads images
// as if their patches were the rows of a matrix (Chetlur et al.: "cuDNN: Efficient primitives for deep learning",
// 2014).
//
// A loader has:
//   kAlongK                whether neighbours along k lie side by side in memory; if not, neighbours along m (or n) do
//   Fixed fix(batch, i)    what is known of row i of a (column i of b), which may lie beyond the matrix
//   load(fixed, k, v)      V neighbours from there on, as numbers to compute with; 0 beyond the matrix
// A target has row(batch, m) and put(row, n, value).
#pragma once
#include "context.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

struct Extent {
  int64_t batch, m, n, k;
  int64_t splits = 1, per_split = 0;  // of k: a block sums one stretch
};

/// kM × kN results per block, in steps of kK; each of kThreads threads has kTm × kTn of them.
template <int kM_, int kN_, int kK_, int kTm_, int kTn_>
struct TileShape {
  static constexpr int kM = kM_, kN = kN_, kK = kK_, kTm = kTm_, kTn = kTn_;
  static_assert(kM / kTm * (kN / kTn) == kThreads);
};
using LargeTile = TileShape<128, 128, 8, 8, 8>;
using MediumTile = TileShape<64, 64, 16, 4, 4>;
using SmallTile = TileShape<32, 32, 16, 2, 2>;

/// A thread's share of one tile of a factor: vectors of V neighbours, first in registers, then in shared memory.
template <class C, class Loader, int kSide, int kDepth, int V>
struct Share {
  static constexpr int kPerLine = (Loader::kAlongK ? kDepth : kSide) / V;
  static constexpr int kVectors = kSide * kDepth / V / kThreads;
  static_assert(kVectors >= 1 && kSide * kDepth % (V * kThreads) == 0);
  static constexpr int kPitch = kSide + 4;

  typename Loader::Fixed fixed[kVectors];
  C values[kVectors][V];

  static __device__ int line(int v) { return (threadIdx.x + v * kThreads) / kPerLine; }
  static __device__ int along(int v) { return (threadIdx.x + v * kThreads) % kPerLine * V; }

  __device__ void fix(const Loader& loader, int64_t batch, int64_t first) {
    for (int v = 0; v < kVectors; ++v) fixed[v] = loader.fix(batch, first + (Loader::kAlongK ? line(v) : along(v)));
  }
  __device__ void load(const Loader& loader, int64_t k, int64_t end) {
#pragma unroll
    for (int v = 0; v < kVectors; ++v) {
      const int64_t at = k + (Loader::kAlongK ? along(v) : line(v));
      if (at < end) {
        loader.load(fixed[v], at, values[v]);
        if (Loader::kAlongK && V > 1)
          for (int j = 1; j < V; ++j)
            if (at + j >= end) values[v][j] = 0;
      } else {
        for (int j = 0; j < V; ++j) values[v][j] = 0;
      }
    }
  }
  __device__ void put(C (*shared)[kPitch]) const {
#pragma unroll
    for (int v = 0; v < kVectors; ++v)
#pragma unroll
      for (int j = 0; j < V; ++j)
        if (Loader::kAlongK)
          shared[along(v) + j][line(v)] = values[v][j];
        else
          shared[line(v)][along(v) + j] = values[v][j];
  }
};

/// The place within a tile of the i-th of a thread's kOwn results along one side: four neighbours (or fewer), and the
/// next four kThreadsAlong · 4 further on, so that a warp reads shared memory without conflicts.
template <int kOwn, int kThreadsAlong>
__device__ __forceinline__ int place(int thread, int i) {
  constexpr int kGroup = kOwn < 4 ? kOwn : 4;
  return i / kGroup * kGroup * kThreadsAlong + thread * kGroup + i % kGroup;
}

template <class C, class Tile, int V, class A, class B, class Target>
__global__ void __launch_bounds__(kThreads) tile_product(Extent e, A a, B b, Target target, C* partial) {
  using ShareA = Share<C, A, Tile::kM, Tile::kK, V>;
  using ShareB = Share<C, B, Tile::kN, Tile::kK, V>;
  __shared__ C shared_a[2][Tile::kK][ShareA::kPitch], shared_b[2][Tile::kK][ShareB::kPitch];
  constexpr int kAcross = Tile::kN / Tile::kTn, kDown = Tile::kM / Tile::kTm;

  const int64_t tiles_n = (e.n + Tile::kN - 1) / Tile::kN, tiles_m = (e.m + Tile::kM - 1) / Tile::kM;
  int64_t block = blockIdx.x;
  const int64_t first_n = block % tiles_n * Tile::kN;
  block /= tiles_n;
  const int64_t first_m = block % tiles_m * Tile::kM;
  block /= tiles_m;
  const int64_t split = block % e.splits, batch = block / e.splits;
  const int64_t begin = split * e.per_split, end = begin + e.per_split < e.k ? begin + e.per_split : e.k;

  ShareA share_a;
  ShareB share_b;
  share_a.fix(a, batch, first_m);
  share_b.fix(b, batch, first_n);
  const int x = threadIdx.x % kAcross, y = threadIdx.x / kAcross;
  C sums[Tile::kTm][Tile::kTn] = {};

  share_a.load(a, begin, end);
  share_b.load(b, begin, end);
  share_a.put(shared_a[0]);
  share_b.put(shared_b[0]);
  __syncthreads();
  int now = 0;
  for (int64_t k = begin; k < end; k += Tile::kK, now ^= 1) {
    const bool more = k + Tile::kK < end;
    if (more) {
      share_a.load(a, k + Tile::kK, end);
      share_b.load(b, k + Tile::kK, end);
    }
#pragma unroll
    for (int step = 0; step < Tile::kK; ++step) {
      C u[Tile::kTm], v[Tile::kTn];
#pragma unroll
      for (int i = 0; i < Tile::kTm; ++i) u[i] = shared_a[now][step][place<Tile::kTm, kDown>(y, i)];
#pragma unroll
      for (int j = 0; j < Tile::kTn; ++j) v[j] = shared_b[now][step][place<Tile::kTn, kAcross>(x, j)];
#pragma unroll
      for (int i = 0; i < Tile::kTm; ++i)
#pragma unroll
        for (int j = 0; j < Tile::kTn; ++j) sums[i][j] += u[i] * v[j];
    }
    if (more) {
      share_a.put(shared_a[now ^ 1]);
      share_b.put(shared_b[now ^ 1]);
    }
    __syncthreads();
  }

#pragma unroll
  for (int i = 0; i < Tile::kTm; ++i) {
    const int64_t m = first_m + place<Tile::kTm, kDown>(y, i);
    if (m >= e.m) continue;
    if (partial) {
      C* to = partial + ((batch * e.splits + split) * e.m + m) * e.n;
      for (int j = 0; j < Tile::kTn; ++j) {
        const int64_t n = first_n + place<Tile::kTn, kAcross>(x, j);
        if (n < e.n) to[n] = sums[i][j];
      }
    } else {
      const auto row = target.row(batch, m);
      for (int j = 0; j < Tile::kTn; ++j) {
        const int64_t n = first_n + place<Tile::kTn, kAcross>(x, j);
        if (n < e.n) target.put(row, n, sums[i][j]);
      }
    }
  }
}

/// Adds the splits in order.
template <class C, class Target>
__global__ void add_splits(Extent e, const C* partial, Target target) {
  for_each(e.batch * e.m * e.n, [&](int64_t i) {
    const int64_t row = i / e.n, batch = row / e.m, m = row % e.m, n = i % e.n;
    C sum = 0;
    for (int64_t s = 0; s < e.splits; ++s) sum += partial[((batch * e.splits + s) * e.m + m) * e.n + n];
    target.put(target.row(batch, m), n, sum);
  });
}

template <class C, class Tile, int V, class A, class B, class Target>
void multiply_by(Extent e, A a, B b, Target target) {
  const int64_t tiles = ((e.m + Tile::kM - 1) / Tile::kM) * ((e.n + Tile::kN - 1) / Tile::kN);
  // Few tiles with a long sum: split it, by sizes alone.
  constexpr int64_t kBlocks = 264, kLeast = 128;  // blocks that fill a GPU; steps along k that are worth one
  e.splits = 1;
  if (e.batch * tiles < kBlocks / 2) {
    const int64_t wanted = kBlocks / (e.batch * tiles), possible = e.k / kLeast;
    e.splits = wanted < possible ? wanted : possible;
    if (e.splits < 1) e.splits = 1;
  }
  e.per_split = (e.k + e.splits - 1) / e.splits;
  e.per_split = (e.per_split + Tile::kK - 1) / Tile::kK * Tile::kK;
  if (e.per_split > 0) e.splits = (e.k + e.per_split - 1) / e.per_split;
  if (e.batch * e.splits * tiles >= int64_t{1} << 31) fail("expected a product of fewer than 2^31 tiles");
  const bool split = e.splits > 1;
  const Scratch scratch(split ? e.batch * e.splits * e.m * e.n * static_cast<int64_t>(sizeof(C)) : 0);
  C* partial = split ? scratch.as<C>() : nullptr;
  launch(tile_product<C, Tile, V, A, B, Target>, dim3(static_cast<unsigned>(e.batch * e.splits * tiles)), kThreads, 0,
         e, a, b, target, partial);
  if (split)
    launch(add_splits<C, Target>, blocks_for(e.batch * e.m * e.n), kThreads, 0, e, static_cast<const C*>(partial),
           target);
}

/// The product. `vectors` tells whether both factors may be read four neighbours at once: loaders then get k, or m and
/// n, in multiples of four, and must have no matrix that ends in between.
template <class C, class A, class B, class Target>
void multiply(const Extent& e, A a, B b, bool vectors, Target target) {
  if (e.batch == 0 || e.m == 0 || e.n == 0) return;
  if constexpr (sizeof(C) == 4)
    if (vectors && e.m >= 96 && e.n >= 96 && e.batch * e.m * e.n >= int64_t{1} << 20)
      return multiply_by<C, LargeTile, 4>(e, a, b, target);
  if (e.m <= 32 || e.n <= 32)
    multiply_by<C, SmallTile, 1>(e, a, b, target);
  else if (vectors)
    multiply_by<C, MediumTile, 4>(e, a, b, target);
  else
    multiply_by<C, MediumTile, 1>(e, a, b, target);
}

/// V elements at once, as numbers to compute with.
template <class T, int V>
__device__ __forceinline__ void load_neighbours(const T* from, Compute<T> (&v)[V]) {
  struct alignas(V * sizeof(T)) Packed {
    T v[V];
  };
  const Packed packed = *reinterpret_cast<const Packed*>(from);
  for (int j = 0; j < V; ++j) v[j] = load(packed.v[j]);
}

/// Whether addresses allow to read four elements at once.
template <class T>
bool fours(const void* data) {
  return reinterpret_cast<uintptr_t>(data) % (4 * sizeof(T)) == 0;
}

/// A dense matrix: element (i, k) at i · row + k when kAlong, else at k · row + i.
template <class T, bool kAlong>
struct DenseLoader {
  static constexpr bool kAlongK = kAlong;
  const T* data;
  int64_t row, stride, size;  // elements between rows and between matrices; how many i there are

  struct Fixed {
    const T* from;  // null beyond the matrix
  };
  __device__ Fixed fix(int64_t batch, int64_t i) const {
    return {i < size ? data + batch * stride + (kAlong ? i * row : i) : nullptr};
  }
  template <int V>
  __device__ void load(const Fixed& fixed, int64_t k, Compute<T> (&v)[V]) const {
    if (fixed.from)
      load_neighbours(fixed.from + (kAlong ? k : k * row), v);
    else
      for (int j = 0; j < V; ++j) v[j] = 0;
  }
  bool vectors(int64_t k) const {
    return fours<T>(data) && row % 4 == 0 && stride % 4 == 0 && (kAlong ? k : size) % 4 == 0;
  }
};

/// A dense result with row-major rows, plus a bias per column, or added to what is there.
template <class T>
struct DenseTarget {
  T* data;
  const T* bias;
  int64_t row_size, stride, bias_stride;
  bool accumulate;

  struct Row {
    T* to;
    const T* bias;
  };
  __device__ Row row(int64_t batch, int64_t m) const {
    return {data + batch * stride + m * row_size, bias ? bias + batch * bias_stride : nullptr};
  }
  __device__ void put(const Row& row, int64_t n, Compute<T> value) const {
    if (row.bias) value += load(row.bias[n]);
    if (accumulate) value += load(row.to[n]);
    row.to[n] = store<T>(value);
  }
};

}  // namespace
}  // namespace convcore::cuda
