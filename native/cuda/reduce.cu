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

template <class T>
struct Put {
  int64_t inner;
  T* y;
  __device__ void operator()(int64_t o, int64_t c, const Sums<Compute<T>, 1>& sums) const {
    y[o * inner + c] = store<T>(sums.s[0]);
  }
};

template <class T, class Group>
__global__ void sum_rows(int64_t rows, int64_t n, const T* x, T* y) {
  Group group;
  for (int64_t row = group.first(); row < rows; row += group.step()) {
    Compute<T> total = 0;
#pragma unroll 4
    for (int64_t i = group.lane(); i < n; i += Group::kSize) total += load(x[row * n + i]);
    total = group.sum(total);
    if (group.lane() == 0) y[row] = store<T>(total);
  }
}

/// A candidate for a maximum: NaN before all, then the greater, then the earlier.
template <class C>
struct Best {
  C value;
  int32_t index;
  __device__ bool beats(const Best& other) const {
    const bool nan = value != value, other_nan = other.value != other.value;
    if (nan || other_nan) return nan && (!other_nan || index < other.index);
    return value > other.value || (value == other.value && index < other.index);
  }
};

/// One warp per row of n ≥ 1 neighbours.
template <class T>
__global__ void max_rows(int64_t rows, int64_t n, const T* x, T* y, int32_t* indices) {
  using C = Compute<T>;
  WarpGroup<C> group;
  for (int64_t row = group.first(); row < rows; row += group.step()) {
    const int64_t start = group.lane() < n ? group.lane() : 0;
    Best<C> best{load(x[row * n + start]), static_cast<int32_t>(start)};
    for (int64_t i = start + 32; i < n; i += 32) {
      const Best<C> next{load(x[row * n + i]), static_cast<int32_t>(i)};
      if (next.beats(best)) best = next;
    }
    for (int distance = 16; distance > 0; distance /= 2) {
      const Best<C> other{__shfl_xor_sync(0xffffffffu, best.value, distance),
                          __shfl_xor_sync(0xffffffffu, best.index, distance)};
      if (other.beats(best)) best = other;
    }
    if (group.lane() == 0) {
      y[row] = store<T>(best.value);
      indices[row] = best.index;
    }
  }
}

template <class T>
__global__ void max_columns(int64_t outer, int64_t n, int64_t inner, const T* x, T* y, int32_t* indices) {
  for_each(outer * inner, [&](int64_t column) {
    const T* from = x + column / inner * n * inner + column % inner;
    Best<Compute<T>> best{load(from[0]), 0};
    for (int64_t i = 1; i < n; ++i) {
      const Best<Compute<T>> next{load(from[i * inner]), static_cast<int32_t>(i)};
      if (next.beats(best)) best = next;
    }
    y[column] = store<T>(best.value);
    indices[column] = best.index;
  });
}

/// Each element of dx looks whether it was the maximum.
template <class T>
__global__ void max_backward_each(int64_t outer, int64_t n, int64_t inner, const int32_t* indices, const T* dy, T* dx) {
  for_each(outer * n * inner, [&](int64_t i) {
    const int64_t row = i / inner, column = row / n * inner + i % inner;
    dx[i] = indices[column] == row % n ? dy[column] : T(0.0f);
  });
}

}  // namespace

void sum(int64_t outer, int64_t n, int64_t inner, In x, Out y) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const T* from = x.as<T>();
    if (inner == 1 && n <= kLongRow)
      return launch(sum_rows<T, WarpGroup<C>>, WarpGroup<C>::grid(outer), kThreads, 0, outer, n, from, y.as<T>());
    // A long row is a column whose neighbours lie side by side.
    column_reduction<Sums<C, 1>>(outer, n, inner, Add<T>{from}, Put<T>{inner, y.as<T>()});
  });
}

void max(int64_t outer, int64_t n, int64_t inner, In x, Out y, IndexOut indices) {
  if (n == 0) fail("expected a non-empty dimension");
  if (n > std::numeric_limits<int32_t>::max())
    fail("expected a dimension that int32 can index, got %lld", static_cast<long long>(n));
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using Group = WarpGroup<Compute<T>>;
    const T* from = x.as<T>();
    if (inner == 1)
      launch(max_rows<T>, Group::grid(outer), kThreads, 0, outer, n, from, y.as<T>(), indices.as<int32_t>());
    else
      launch(max_columns<T>, blocks_for(outer * inner), kThreads, 0, outer, n, inner, from, y.as<T>(),
             indices.as<int32_t>());
  });
}

void max_backward(int64_t outer, int64_t n, int64_t inner, IndexIn indices, In dy, Out dx) {
  dispatch_storage(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(max_backward_each<T>, blocks_for(outer * n * inner), kThreads, 0, outer, n, inner,
           static_cast<const int32_t*>(indices.as<int32_t>()), static_cast<const T*>(dy.as<T>()), dx.as<T>());
  });
}

}  // namespace convcore::cuda
