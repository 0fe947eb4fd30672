#include "../check.h"
#include "../order.h"
#include "kernels.h"
#include "reduction.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kRun = 2048;                // entries that one thread sorts in its cache
constexpr int64_t kBatch = int64_t{1} << 20;  // entries whose lines are sorted together
constexpr int64_t kFew = 16;                  // so many are kept in order while the rest passes by

/// Places [begin, end) of the merger of two sorted runs.
template <class E>
void merge(const E* a, int64_t a_size, const E* b, int64_t b_size, int64_t begin, int64_t end, E* to) {
  // The first `begin` entries are i of a and begin − i of b: the i for which a[i] and b[begin − i] both come later.
  int64_t low = begin > b_size ? begin - b_size : 0, high = lesser(begin, a_size);
  while (low < high) {
    const int64_t i = low + (high - low) / 2;
    if (a[i].before(b[begin - i - 1]))
      low = i + 1;
    else
      high = i;
  }
  for (int64_t i = low, j = begin - low, at = begin; at < end; ++at) {
    const bool left = j >= b_size || (i < a_size && a[i].before(b[j]));
    to[at] = left ? a[i] : b[j];
    i += left;
    j += !left;
  }
}

/// Sorts n ≤ kRun entries, with as much room to spare.
template <class E>
void sort_run(E* entries, E* spare, int64_t n) {
  constexpr int64_t kInsertion = 16;
  for (int64_t first = 0; first < n; first += kInsertion)
    for (int64_t i = first + 1, end = lesser(first + kInsertion, n); i < end; ++i) {
      const E each = entries[i];
      int64_t at = i;
      for (; at > first && each.before(entries[at - 1]); --at) entries[at] = entries[at - 1];
      entries[at] = each;
    }
  E *from = entries, *to = spare;
  for (int64_t width = kInsertion; width < n; width *= 2) {
    for (int64_t first = 0; first < n; first += 2 * width) {
      const int64_t left = lesser(width, n - first), right = lesser(width, n - first - left);
      merge(from + first, left, from + first + left, right, 0, left + right, to + first);
    }
    E* swap = from;
    from = to;
    to = swap;
  }
  if (from != entries) __builtin_memcpy(entries, from, n * sizeof(E));
}

/// The k ≤ kFew first of n entries, in order.
template <class E, class At>
void pick_few(int64_t n, int64_t k, At at, E* best) {
  for (int64_t j = 0; j < k; ++j) best[j] = E::last();
  for (int64_t i = 0; i < n; ++i) {
    const E each = at(i);
    if (!each.before(best[k - 1])) continue;
    int64_t j = k - 1;
    for (; j > 0 && each.before(best[j - 1]); --j) best[j] = best[j - 1];
    best[j] = each;
  }
}

/// Lines [first, first + lines) of more than kRun entries: runs are sorted, then merged in pairs until one is left.
template <class E, class At, class Emit>
void sort_long(int64_t first, int64_t lines, int64_t n, int64_t k, E* entries, E* spare, At at, Emit emit) {
  const int64_t runs = divide_up(n, kRun);
  auto each_run = [&](auto&& body) {  // body(line, begin, end)
    parallel(lines * runs, [&](int64_t item) {
      const int64_t begin = item % runs * kRun;
      body(item / runs, begin, lesser(begin + kRun, n));
    });
  };
  each_run([&](int64_t line, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) entries[line * n + i] = at(first + line, i);
    sort_run(entries + line * n + begin, spare + line * n + begin, end - begin);
  });
  for (int64_t width = kRun; width < n; width *= 2) {
    each_run([&](int64_t line, int64_t begin, int64_t end) {
      const int64_t start = begin / (2 * width) * 2 * width, left = lesser(width, n - start);
      const E* a = entries + line * n + start;
      merge(a, left, a + left, lesser(width, n - start - left), begin - start, end - start, spare + line * n + start);
    });
    E* swap = entries;
    entries = spare;
    spare = swap;
  }
  each_run([&](int64_t line, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < lesser(end, k); ++i) emit(first + line, i, entries[line * n + i]);
  });
}

/// emit(line, i, entry) for the first k entries at(line, 0) to at(line, n − 1) of each line.
template <class E, class At, class Emit>
void sort_lines(int64_t lines, int64_t n, int64_t k, At at, Emit emit) {
  if (k <= kFew && k < n) {
    parallel_range(lines, at_least_one(kGrain / n), [&](int64_t line, int64_t end) {
      for (; line < end; ++line) {
        E best[kFew];
        pick_few(
            n, k, [&](int64_t i) { return at(line, i); }, best);
        for (int64_t i = 0; i < k; ++i) emit(line, i, best[i]);
      }
    });
  } else if (n <= kRun) {
    parallel_range(lines, at_least_one(kGrain / 8 / n), [&](int64_t line, int64_t end) {
      E entries[kRun], spare[kRun];
      for (; line < end; ++line) {
        for (int64_t i = 0; i < n; ++i) entries[i] = at(line, i);
        sort_run(entries, spare, n);
        for (int64_t i = 0; i < k; ++i) emit(line, i, entries[i]);
      }
    });
  } else {
    const int64_t batch = lesser(lines, at_least_one(kBatch / n));
    const Scratch scratch(2 * batch * n * int64_t{sizeof(E)});
    for (int64_t line = 0; line < lines; line += batch)
      sort_long(line, lesser(batch, lines - line), n, k, scratch.as<E>(), scratch.as<E>() + batch * n, at, emit);
  }
}

}  // namespace

void sort(int64_t outer, int64_t n, int64_t inner, int64_t k, int64_t descending, AnyIn x, AnyOut y, IndexOut indices) {
  if (n > std::numeric_limits<int32_t>::max())
    fail("expected a dimension that int32 can index, got %lld", static_cast<long long>(n));
  if (k > n) fail("expected at most %lld elements, got %lld", static_cast<long long>(n), static_cast<long long>(k));
  dispatch_any(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using Key = decltype(ascending(zero));
    using E = typename EntryOf<Key>::Type;
    const T* from = x.as<T>();
    const Key flip = descending ? static_cast<Key>(~Key{0}) : Key{0};
    sort_lines<E>(
        outer * inner, n, k,
        [=](int64_t line, int64_t i) {
          return E::of(ascending(from[(line / inner * n + i) * inner + line % inner]) ^ flip, i);
        },
        [=](int64_t line, int64_t i, const E& entry) {
          const int64_t to = (line / inner * k + i) * inner + line % inner;
          y.as<T>()[to] = from[(line / inner * n + entry.place()) * inner + line % inner];
          indices.as<int32_t>()[to] = entry.place();
        });
  });
}

}  // namespace convcore::cpu::ISA
