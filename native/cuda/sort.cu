#include <limits>

#include "kernels.h"
#include "sort.h"

namespace convcore::cuda {
namespace {

template <class T>
struct Keyed {
  using Key = decltype(ascending(load(T{})));
  using E = typename EntryOf<Key>::Type;

  int64_t n, inner;
  Key flip;
  const T* x;
  __device__ E operator()(int64_t line, int64_t i) const {
    return E::of(ascending(load(x[(line / inner * n + i) * inner + line % inner])) ^ flip, i);
  }
};

/// The first k of each line, as values and indices.
template <class T>
struct Put {
  int64_t n, k, inner;
  const T* x;
  T* y;
  int32_t* indices;
  __device__ void operator()(int64_t line, int64_t i, const typename Keyed<T>::E& entry) const {
    if (i >= k) return;
    const int64_t o = line / inner, c = line % inner, to = (o * k + i) * inner + c;
    y[to] = x[(o * n + entry.place()) * inner + c];
    indices[to] = entry.place();
  }
};

template <class E, class Emit>
__global__ void emit_each(int64_t lines, int64_t n, int64_t k, const E* entries, Emit emit) {
  for_each(lines * k, [&](int64_t at) { emit(at / k, at % k, entries[at / k * n + at % k]); });
}

}  // namespace

void sort(int64_t outer, int64_t n, int64_t inner, int64_t k, int64_t descending, AnyIn x, AnyOut y, IndexOut indices) {
  if (n > std::numeric_limits<int32_t>::max())
    fail("expected a dimension that int32 can index, got %lld", static_cast<long long>(n));
  if (k > n) fail("expected at most %lld elements, got %lld", static_cast<long long>(n), static_cast<long long>(k));
  dispatch_every(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using Key = typename Keyed<T>::Key;
    using E = typename Keyed<T>::E;
    const int64_t lines = outer * inner;
    const Keyed<T> at{n, inner, descending ? static_cast<Key>(~Key{0}) : Key{0}, x.as<T>()};
    const Put<T> put{n, k, inner, x.as<T>(), y.as<T>(), indices.as<int32_t>()};
    if (n <= kTileEntries) {
      const Segments segments(lines, n);
      return launch(sort_tiles<E, Keyed<T>, Put<T>>, dim3(static_cast<unsigned>(segments.blocks())), kThreads, 0,
                    segments, at, put);
    }
    const Scratch room(2 * lines * n * static_cast<int64_t>(sizeof(E)));
    const E* sorted = sort_into(lines, n, at, room.as<E>(), room.as<E>() + lines * n);
    launch(emit_each<E, Put<T>>, blocks_for(lines * k), kThreads, 0, lines, n, k, sorted, put);
  });
}

}  // namespace convcore::cuda
