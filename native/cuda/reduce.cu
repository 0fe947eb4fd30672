#include <limits>

#include "kernels.h"
#include "reduction.h"

namespace convcore::cuda {
namespace {

template <class T>
struct Add {
  const T* x;
  __device__ void operator()(int64_t i, int64_t, Sums<Compute<T>, 1>& sums) const { sums.s[0] += load(x[i]); }
};

template <class T, class Y>
struct Put {
  int64_t inner;
  Compute<T> factor;
  Y* y;
  __device__ void operator()(int64_t o, int64_t c, const Sums<Compute<T>, 1>& sums) const {
    y[o * inner + c] = store<Y>(sums.s[0] * factor);
  }
};

template <class T, class Y, class Group>
__global__ void sum_rows(int64_t rows, int64_t n, Compute<T> factor, const T* x, Y* y) {
  Group group;
  for (int64_t row = group.first(); row < rows; row += group.step()) {
    Compute<T> total = 0;
#pragma unroll 4
    for (int64_t i = group.lane(); i < n; i += Group::kSize) total += load(x[row * n + i]);
    total = group.sum(total);
    if (group.lane() == 0) y[row] = store<Y>(total * factor);
  }
}

template <class T, class Y>
void sum_as(int64_t outer, int64_t n, int64_t inner, Compute<T> factor, const T* x, Y* y) {
  using Group = WarpGroup<Compute<T>>;
  if (inner == 1 && n <= kLongRow)
    return launch(sum_rows<T, Y, Group>, Group::grid(outer), kThreads, 0, outer, n, factor, x, y);
  // A long row is a column whose neighbours lie side by side.
  column_reduction<Sums<Compute<T>, 1>>(outer, n, inner, Add<T>{x}, Put<T, Y>{inner, factor, y});
}

/// A candidate for a maximum, or a minimum: NaN before all, then the greater, or smaller, then the earlier.
template <class C, bool kLeast>
struct Candidate {
  C value;
  int32_t index;
  __device__ bool beats(const Candidate& other) const {
    const bool nan = value != value, other_nan = other.value != other.value;
    if (nan || other_nan) return nan && (!other_nan || index < other.index);
    return (kLeast ? value < other.value : value > other.value) || (value == other.value && index < other.index);
  }
};

/// One warp per row of n ≥ 1 neighbours.
template <class T, bool kLeast>
__global__ void extreme_rows(int64_t rows, int64_t n, const T* x, T* y, int32_t* indices) {
  using C = Compute<T>;
  using Best = Candidate<C, kLeast>;
  WarpGroup<C> group;
  for (int64_t row = group.first(); row < rows; row += group.step()) {
    const int64_t start = group.lane() < n ? group.lane() : 0;
    Best best{load(x[row * n + start]), static_cast<int32_t>(start)};
    for (int64_t i = start + 32; i < n; i += 32) {
      const Best next{load(x[row * n + i]), static_cast<int32_t>(i)};
      if (next.beats(best)) best = next;
    }
    for (int distance = 16; distance > 0; distance /= 2) {
      const Best other{__shfl_xor_sync(0xffffffffu, best.value, distance),
                       __shfl_xor_sync(0xffffffffu, best.index, distance)};
      if (other.beats(best)) best = other;
    }
    if (group.lane() == 0) {
      y[row] = store<T>(best.value);
      indices[row] = best.index;
    }
  }
}

template <class T, bool kLeast>
__global__ void extreme_columns(int64_t outer, int64_t n, int64_t inner, const T* x, T* y, int32_t* indices) {
  using Best = Candidate<Compute<T>, kLeast>;
  for_each(outer * inner, [&](int64_t column) {
    const T* from = x + column / inner * n * inner + column % inner;
    Best best{load(from[0]), 0};
    for (int64_t i = 1; i < n; ++i) {
      const Best next{load(from[i * inner]), static_cast<int32_t>(i)};
      if (next.beats(best)) best = next;
    }
    y[column] = store<T>(best.value);
    indices[column] = best.index;
  });
}

/// Each element of dx looks whether it was the maximum.
template <class T>
__global__ void extreme_backward_each(int64_t outer, int64_t n, int64_t inner, const int32_t* indices, const T* dy,
                                      T* dx) {
  for_each(outer * n * inner, [&](int64_t i) {
    const int64_t row = i / inner, column = row / n * inner + i % inner;
    dx[i] = indices[column] == row % n ? dy[column] : T(0.0f);
  });
}

template <bool kLeast>
void find_extreme(int64_t outer, int64_t n, int64_t inner, const In& x, const Out& y, const IndexOut& indices) {
  if (n == 0) fail("expected a non-empty dimension");
  if (n > std::numeric_limits<int32_t>::max())
    fail("expected a dimension that int32 can index, got %lld", static_cast<long long>(n));
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using Group = WarpGroup<Compute<T>>;
    const T* from = x.as<T>();
    if (inner == 1)
      launch(extreme_rows<T, kLeast>, Group::grid(outer), kThreads, 0, outer, n, from, y.as<T>(),
             indices.as<int32_t>());
    else
      launch(extreme_columns<T, kLeast>, blocks_for(outer * inner), kThreads, 0, outer, n, inner, from, y.as<T>(),
             indices.as<int32_t>());
  });
}

/// Sums along n from one end, a column by one thread.
template <class T>
__global__ void cumsum_columns(int64_t outer, int64_t n, int64_t inner, bool reverse, const T* x, T* y) {
  for_each(outer * inner, [&](int64_t column) {
    const int64_t first = column / inner * n * inner + column % inner;
    Compute<T> total = 0;
    for (int64_t i = 0; i < n; ++i) {
      const int64_t at = first + (reverse ? n - 1 - i : i) * inner;
      total += load(x[at]);
      y[at] = store<T>(total);
    }
  });
}

/// A column by one block, which sums a stretch after the other: each thread its own elements, then over the threads.
template <class T>
__global__ void cumsum_lines(int64_t lines, int64_t n, int64_t inner, bool reverse, const T* x, T* y) {
  using C = Compute<T>;
  constexpr int kEach = 4;
  __shared__ C warps[kWarps];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  for (int64_t line = blockIdx.x; line < lines; line += gridDim.x) {
    const int64_t first = line / inner * n * inner + line % inner;
    C before = 0;
    for (int64_t begin = 0; begin < n; begin += kThreads * kEach) {
      const int64_t mine = begin + threadIdx.x * kEach;
      auto at = [&](int64_t i) { return first + (reverse ? n - 1 - i : i) * inner; };
      C sums[kEach], total = 0;
      for (int j = 0; j < kEach; ++j) sums[j] = total += mine + j < n ? load(x[at(mine + j)]) : C(0);
      C upto = total;
      for (int distance = 1; distance < 32; distance *= 2) {
        const C other = __shfl_up_sync(0xffffffffu, upto, distance);
        if (lane >= distance) upto += other;
      }
      __syncthreads();  // whoever still reads the last stretch's sums
      if (lane == 31) warps[warp] = upto;
      __syncthreads();
      C shift = before;
      for (int w = 0; w < kWarps; ++w) {
        if (w < warp) shift += warps[w];
        before += warps[w];
      }
      const C own = __shfl_up_sync(0xffffffffu, upto, 1);
      if (lane > 0) shift += own;
      for (int j = 0; j < kEach; ++j)
        if (mine + j < n) y[at(mine + j)] = store<T>(shift + sums[j]);
    }
  }
}

}  // namespace

void sum(int64_t outer, int64_t n, int64_t inner, double factor, In x, CastOut y) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const DType wide = sizeof(C) == sizeof(double) ? DType::Float64 : DType::Float32;
    const T* from = x.as<T>();
    const C by = static_cast<C>(factor);
    if (y.dtype == x.dtype) return sum_as(outer, n, inner, by, from, y.as<T>());
    if (y.dtype == wide) return sum_as(outer, n, inner, by, from, y.as<C>());
    fail("expected a sum of dtype %s or %s, got %s", name_of(x.dtype), name_of(wide), name_of(y.dtype));
  });
}

void extreme(int64_t outer, int64_t n, int64_t inner, int64_t least, In x, Out y, IndexOut indices) {
  if (least)
    find_extreme<true>(outer, n, inner, x, y, indices);
  else
    find_extreme<false>(outer, n, inner, x, y, indices);
}

void extreme_backward(int64_t outer, int64_t n, int64_t inner, IndexIn indices, In dy, Out dx) {
  dispatch_storage(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(extreme_backward_each<T>, blocks_for(outer * n * inner), kThreads, 0, outer, n, inner,
           static_cast<const int32_t*>(indices.as<int32_t>()), static_cast<const T*>(dy.as<T>()), dx.as<T>());
  });
}

void cumsum(int64_t outer, int64_t n, int64_t inner, int64_t reverse, In x, Out y) {
  const int64_t lines = outer * inner;
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* from = x.as<T>();
    // Many columns side by side, or short ones, keep the GPU busy with a thread each.
    if (n <= 32 || (inner >= 32 && lines >= 4096))
      launch(cumsum_columns<T>, blocks_for(lines), kThreads, 0, outer, n, inner, reverse != 0, from, y.as<T>());
    else
      launch(cumsum_lines<T>, BlockGroup<T>::grid(lines), kThreads, 0, lines, n, inner, reverse != 0, from, y.as<T>());
  });
}

}  // namespace convcore::cuda
