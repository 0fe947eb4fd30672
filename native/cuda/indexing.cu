#include "kernels.h"
#include "reduction.h"
#include "sort.h"

namespace convcore::cuda {
namespace {

template <class Word>
__global__ void select_words(int64_t count, int64_t n, int64_t m, int64_t width, const Word* x, const int32_t* index,
                             Word* y) {
  for_each(count, [&](int64_t i) {
    const int64_t row = i / width;
    y[i] = x[(row / m * n + index[row % m]) * width + i % width];
  });
}

/// A line's indices: of line (o, c), those of [outer, m, inner] along m.
struct LineIndices {
  int64_t m, inner;
  const int32_t* index;
  __device__ Entry operator()(int64_t line, int64_t i) const {
    return Entry::of(static_cast<uint32_t>(index[(line / inner * m + i) * inner + line % inner]), i);
  }
};

/// starts[line, t]: how many of a line's sorted indices are below t, for t in [0, n].
__global__ void find_starts(int64_t lines, int64_t n, int64_t m, const Entry* sorted, int32_t* starts) {
  for_each(lines * (n + 1), [&](int64_t at) {
    const int64_t line = at / (n + 1), t = at % (n + 1);
    starts[at] = static_cast<int32_t>(rank_of(Entry::of(static_cast<uint32_t>(t), 0), sorted + line * m, m));
  });
}

/// The indices of lines, sorted, and where each target's begin.
struct Sorted {
  int64_t lines, n, m;
  Scratch room, starts_room;
  const Entry* entries;
  const int32_t* starts;

  Sorted(int64_t lines, int64_t n, int64_t m, LineIndices at)
      : lines(lines),
        n(n),
        m(m),
        room(2 * lines * m * static_cast<int64_t>(sizeof(Entry))),
        starts_room(lines * (n + 1) * static_cast<int64_t>(sizeof(int32_t))),
        entries(sort_into(lines, m, at, room.as<Entry>(), room.as<Entry>() + lines * m)),
        starts(starts_room.as<int32_t>()) {
    for (int64_t size : {n, m})
      if (size > std::numeric_limits<int32_t>::max())
        fail("expected dimensions that int32 can index, got %lld", static_cast<long long>(size));
    launch(find_starts, blocks_for(lines * (n + 1)), kThreads, 0, lines, n, m, entries, starts_room.as<int32_t>());
  }
};

/// dx[o, row, c] = Σ dy[o, i, c] over the i whose index is row. A warp takes `columns` neighbours; its lanes share the
/// terms of each in a fixed way.
template <class T>
__global__ void add_rows(int64_t outer, int64_t n, int64_t m, int64_t inner, int columns, int64_t skip,
                         const Entry* entries, const int32_t* starts, const T* dy, T* dx) {
  using C = Compute<T>;
  const int64_t tiles = (inner + columns - 1) / columns;
  const int lane = threadIdx.x % 32, lanes = 32 / columns;
  const WarpGroup<C> group;
  for (int64_t item = group.first(); item < outer * n * tiles; item += group.step()) {
    const int64_t o = item / tiles / n, row = item / tiles % n, c = item % tiles * columns + lane % columns;
    C total = 0;
    if (c < inner && row != skip)
      for (int64_t i = starts[row] + lane / columns; i < starts[row + 1]; i += lanes)
        total += load(dy[(o * m + entries[i].place()) * inner + c]);
    for (int distance = 16; distance >= columns; distance /= 2) total += __shfl_xor_sync(0xffffffffu, total, distance);
    if (lane < columns && c < inner) dx[(o * n + row) * inner + c] = store<T>(total);
  }
}

template <class T>
__global__ void gather_each(int64_t count, int64_t n, int64_t m, int64_t inner, const T* x, const int32_t* index,
                            T* y) {
  for_each(count, [&](int64_t i) { y[i] = x[(i / (m * inner) * n + index[i]) * inner + i % inner]; });
}

struct Overwrite {
  template <class T>
  __device__ void operator()(T& y, const T& x) const {
    y = x;
  }
};
struct Add {
  template <class T>
  __device__ void operator()(T& y, const T& x) const {
    y = store<T>(load(y) + load(x));
  }
};

/// put(target, source) for every element at once: no two of a line may have one target.
template <class T, class Put>
__global__ void scatter_each(int64_t count, int64_t n, int64_t m, int64_t inner, Put put, const int32_t* index,
                             const T* x, T* y) {
  for_each(count, [&](int64_t i) { put(y[(i / (m * inner) * n + index[i]) * inner + i % inner], x[i]); });
}

/// put(target, source) along each line in order, a line by one thread.
template <class T, class Put>
__global__ void scatter_lines(int64_t lines, int64_t n, int64_t m, int64_t inner, Put put, const int32_t* index,
                              const T* x, T* y) {
  for_each(lines, [&](int64_t line) {
    const int64_t o = line / inner, c = line % inner;
    for (int64_t i = 0; i < m; ++i) {
      const int64_t from = (o * m + i) * inner + c;
      put(y[(o * n + index[from]) * inner + c], x[from]);
    }
  });
}

/// Each target that has sources gets the last of them.
template <class T>
__global__ void take_last(int64_t lines, int64_t n, int64_t m, int64_t inner, const Entry* entries,
                          const int32_t* starts, const T* x, T* y) {
  for_each(lines * n, [&](int64_t at) {
    const int64_t line = at / n, t = at % n, o = line / inner, c = line % inner;
    const int32_t* range = starts + line * (n + 1) + t;
    if (range[0] == range[1]) return;
    y[(o * n + t) * inner + c] = x[(o * m + entries[line * m + range[1] - 1].place()) * inner + c];
  });
}

/// Each target gets the sum of its sources, by a warp.
template <class T>
__global__ void add_sorted(int64_t lines, int64_t n, int64_t m, int64_t inner, const Entry* entries,
                           const int32_t* starts, const T* x, T* y) {
  using C = Compute<T>;
  const WarpGroup<C> group;
  for (int64_t at = group.first(); at < lines * n; at += group.step()) {
    const int64_t line = at / n, t = at % n, o = line / inner, c = line % inner;
    const int32_t* range = starts + line * (n + 1) + t;
    C total = 0;
    for (int64_t i = range[0] + group.lane(); i < range[1]; i += 32)
      total += load(x[(o * m + entries[line * m + i].place()) * inner + c]);
    total = group.sum(total);
    T& target = y[(o * n + t) * inner + c];
    if (group.lane() == 0 && range[0] < range[1]) target = store<T>(load(target) + total);
  }
}

/// Whether lines are short or many enough for a thread each. What is stored in half precision must be rounded once.
template <class T>
bool by_lines(int64_t lines, int64_t m) {
  return sizeof(T) != 2 && (m <= 64 || (lines >= 4096 && m <= 4096));
}

}  // namespace

void index_select(int64_t outer, int64_t n, int64_t m, int64_t inner, AnyIn x, IndexIn index, AnyOut y) {
  check_indices(index, n, "indices");
  const auto size = static_cast<int64_t>(size_of(x.dtype)), bytes = inner * size;
  auto select = [&](auto zero) {
    using Word = decltype(zero);
    const int64_t words = bytes / static_cast<int64_t>(sizeof(Word)), count = outer * m * words;
    launch(select_words<Word>, blocks_for(count), kThreads, 0, count, n, m, words,
           static_cast<const Word*>(x.as<Word>()), static_cast<const int32_t*>(index.as<int32_t>()), y.as<Word>());
  };
  auto fits = [&](int64_t word) {
    return bytes % word == 0 && reinterpret_cast<uintptr_t>(x.data) % word == 0 &&
           reinterpret_cast<uintptr_t>(y.data) % word == 0;
  };
  if (fits(16)) return select(uint4{});
  if (fits(4)) return select(uint32_t{});
  if (fits(2)) return select(uint16_t{});
  select(uint8_t{});
}

void index_select_backward(int64_t outer, int64_t n, int64_t m, int64_t inner, int64_t skip, IndexIn index, In dy,
                           Out dx) {
  check_indices(index, n, "indices");
  const Sorted sorted(1, n, m, LineIndices{m, 1, index.as<int32_t>()});
  int columns = 1;
  while (columns < inner && columns < 32) columns *= 2;
  const int64_t warps = outer * n * ((inner + columns - 1) / columns);
  dispatch_storage(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(add_rows<T>, WarpGroup<T>::grid(warps), kThreads, 0, outer, n, m, inner, columns, skip, sorted.entries,
           sorted.starts, static_cast<const T*>(dy.as<T>()), dx.as<T>());
  });
}

void gather(int64_t outer, int64_t n, int64_t m, int64_t inner, AnyIn x, IndexIn index, AnyOut y) {
  check_indices(index, n, "indices");
  const int64_t count = outer * m * inner;
  dispatch_every(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(gather_each<T>, blocks_for(count), kThreads, 0, count, n, m, inner, static_cast<const T*>(x.as<T>()),
           static_cast<const int32_t*>(index.as<int32_t>()), y.as<T>());
  });
}

void scatter(int64_t outer, int64_t n, int64_t m, int64_t inner, int64_t unique, IndexIn index, AnyIn x, AnyInOut y) {
  check_indices(index, n, "indices");
  const int64_t lines = outer * inner, count = lines * m;
  const int32_t* targets = index.as<int32_t>();
  dispatch_every(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* from = x.as<T>();
    if (unique || m == 1)
      return launch(scatter_each<T, Overwrite>, blocks_for(count), kThreads, 0, count, n, m, inner, Overwrite{},
                    targets, from, y.as<T>());
    if (by_lines<float>(lines, m))
      return launch(scatter_lines<T, Overwrite>, blocks_for(lines), kThreads, 0, lines, n, m, inner, Overwrite{},
                    targets, from, y.as<T>());
    const Sorted sorted(lines, n, m, LineIndices{m, inner, targets});
    launch(take_last<T>, blocks_for(lines * n), kThreads, 0, lines, n, m, inner, sorted.entries, sorted.starts, from,
           y.as<T>());
  });
}

void scatter_add(int64_t outer, int64_t n, int64_t m, int64_t inner, IndexIn index, In x, InOut y) {
  check_indices(index, n, "indices");
  const int64_t lines = outer * inner, count = lines * m;
  const int32_t* targets = index.as<int32_t>();
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* from = x.as<T>();
    if (m == 1)
      return launch(scatter_each<T, Add>, blocks_for(count), kThreads, 0, count, n, m, inner, Add{}, targets, from,
                    y.as<T>());
    if (by_lines<T>(lines, m))
      return launch(scatter_lines<T, Add>, blocks_for(lines), kThreads, 0, lines, n, m, inner, Add{}, targets, from,
                    y.as<T>());
    const Sorted sorted(lines, n, m, LineIndices{m, inner, targets});
    launch(add_sorted<T>, WarpGroup<T>::grid(lines * n), kThreads, 0, lines, n, m, inner, sorted.entries, sorted.starts,
           from, y.as<T>());
  });
}

}  // namespace convcore::cuda
