#include <limits>

#include "kernels.h"
#include "sort.h"

namespace convcore::cuda {
namespace {

/// Bytes for lines that no block can sort alone; as many are sorted at a time as fit. Few in emulation, so that tests
/// get there.
#ifdef CONVCORE_CUDA_EMULATED
constexpr int64_t kRoom = int64_t{32} << 10;
#else
constexpr int64_t kRoom = int64_t{256} << 20;
#endif

/// The entries of lines, `first` and those behind it.
template <class T>
struct Keyed {
  using Key = decltype(ascending(load(T{})));
  using E = typename EntryOf<Key>::Type;

  int64_t first, n, inner;
  Key flip;
  const T* x;
  __device__ E operator()(int64_t line, int64_t i) const {
    const int64_t o = (first + line) / inner, c = (first + line) % inner;
    return E::of(ascending(load(x[(o * n + i) * inner + c])) ^ flip, i);
  }
};

/// The first k of each line, as values and indices.
template <class T>
struct Put {
  int64_t first, n, k, inner;
  const T* x;
  T* y;
  int32_t* indices;
  __device__ void operator()(int64_t line, int64_t i, const typename Keyed<T>::E& entry) const {
    if (i >= k) return;
    const int64_t o = (first + line) / inner, c = (first + line) % inner, to = (o * k + i) * inner + c;
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
    const Key flip = descending ? static_cast<Key>(~Key{0}) : Key{0};
    const auto from = [&](int64_t first) { return Keyed<T>{first, n, inner, flip, x.as<T>()}; };
    const auto to = [&](int64_t first) {
      return Put<T>{first, n, k, inner, x.as<T>(), y.as<T>(), indices.as<int32_t>()};
    };
    if (n <= kTileEntries) {
      const Segments segments(lines, n);
      return launch(sort_tiles<E, Keyed<T>, Put<T>>, dim3(static_cast<unsigned>(segments.blocks())), kThreads, 0,
                    segments, from(0), to(0));
    }
    const int64_t fit = kRoom / (2 * n * static_cast<int64_t>(sizeof(E))), batch = fit < 1 ? 1 : fit;
    const Scratch room(2 * (batch < lines ? batch : lines) * n * static_cast<int64_t>(sizeof(E)));
    for (int64_t first = 0; first < lines; first += batch) {
      const int64_t count = batch < lines - first ? batch : lines - first;
      const E* sorted = sort_into(count, n, from(first), room.as<E>(), room.as<E>() + count * n);
      launch(emit_each<E, Put<T>>, blocks_for(count * k), kThreads, 0, count, n, k, sorted, to(first));
    }
  });
}

}  // namespace convcore::cuda
