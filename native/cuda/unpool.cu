#include <limits>

#include "kernels.h"
#include "positions.h"

namespace convcore::cuda {
namespace {

/// The element of an image's channel at a cell or place, `size` of which make an image.
__device__ __forceinline__ int64_t element(const Place& at, int64_t size, int64_t cell, int64_t channels) {
  return (at.n * size + cell) * channels + at.c;
}

/// The last cell wins a place, in whatever order they come: the greatest of whole numbers depends on no order.
__global__ void find_each_source(Places cells, int64_t places, int64_t channels, const int32_t* indices,
                                 int32_t* sources) {
  for_each(cells.count, [&](int64_t i) {
    const Place at = cells.at(i);
    atomicMax(sources + element(at, places, indices[i], channels), at.j);
  });
}

template <class T>
__global__ void place_values(Places places, int64_t cells, int64_t channels, const int32_t* sources, const T* x, T* y) {
  for_each(places.count, [&](int64_t i) {
    y[i] = sources[i] < 0 ? store<T>(0) : x[element(places.at(i), cells, sources[i], channels)];
  });
}

template <class T>
__global__ void gather_gradients(Places cells, int64_t places, int64_t channels, const int32_t* indices,
                                 const int32_t* sources, const T* dy, T* dx) {
  for_each(cells.count, [&](int64_t i) {
    const Place at = cells.at(i);
    const int64_t target = element(at, places, indices[i], channels);
    dx[i] = sources[target] == at.j ? dy[target] : store<T>(0);
  });
}

/// Threads over the elements of images of `size` cells in one row.
Places each_of(int64_t n, int64_t size, int64_t c) {
  if (size > std::numeric_limits<int32_t>::max())
    fail("expected an image whose cells int32 can index, got %lld of them", static_cast<long long>(size));
  return {n, 1, size, c, 1};
}

/// sources[n, place, c] ← the last of the cells whose values go to that place, −1 where none does.
void find_sources(int64_t n, int64_t c, int64_t cells, int64_t places, const IndexIn& indices, int32_t* sources) {
  check_indices(indices, places, "indices");
  const Places threads = each_of(n, cells, c);
  check(cudaMemsetAsync(sources, 0xff, n * places * c * sizeof(int32_t), context().stream), "a fill");
  launch(find_each_source, blocks_for(threads.count), kThreads, 0, threads, places, c, indices.as<int32_t>(), sources);
}

}  // namespace

void max_unpool(int64_t n, int64_t c, int64_t cells, int64_t places, IndexIn indices, In x, Out y) {
  const Scratch scratch(y.count * static_cast<int64_t>(sizeof(int32_t)));
  find_sources(n, c, cells, places, indices, scratch.as<int32_t>());
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Places threads = each_of(n, places, c);
    launch(place_values<T>, blocks_for(threads.count), kThreads, 0, threads, cells, c, scratch.as<int32_t>(), x.as<T>(),
           y.as<T>());
  });
}

void max_unpool_backward(int64_t n, int64_t c, int64_t cells, int64_t places, IndexIn indices, In dy, Out dx) {
  const Scratch scratch(dy.count * static_cast<int64_t>(sizeof(int32_t)));
  find_sources(n, c, cells, places, indices, scratch.as<int32_t>());
  dispatch_storage(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Places threads = each_of(n, cells, c);
    launch(gather_gradients<T>, blocks_for(threads.count), kThreads, 0, threads, places, c, indices.as<int32_t>(),
           scratch.as<int32_t>(), dy.as<T>(), dx.as<T>());
  });
}

}  // namespace convcore::cuda
