// Lists of tensors, worked on as if they were one.
#pragma once
#include "../scratch.h"
#include "kernels.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kListGrain = 1 << 14;  // elements per chunk

[[gnu::always_inline]] inline int64_t total_count(const Many& tensors) {
  int64_t total = 0;
  for (int64_t i = 0; i < tensors.length; ++i) total += tensors[i].count;
  return total;
}

/// f(chunk, i, begin, end) over the elements of every tensor i, in parallel over chunks of their concatenation, so that
/// many small tensors cost as little as a large one. The calls for one chunk are in order and on one thread.
template <class F>
void for_pieces(const Many& tensors, F f) {
  Scratch memory((tensors.length + 1) * sizeof(int64_t));
  int64_t* starts = memory.as<int64_t>();
  starts[0] = 0;
  for (int64_t i = 0; i < tensors.length; ++i) starts[i + 1] = starts[i] + tensors[i].count;
  const int64_t length = tensors.length;
  parallel_range(starts[length], kListGrain, [=](int64_t begin, int64_t end) {
    const int64_t chunk = begin / kListGrain;
    int64_t i = 0;
    for (int64_t above = length; above - i > 1;) {
      const int64_t middle = (i + above) / 2;
      (starts[middle] <= begin ? i : above) = middle;
    }
    for (; begin < end; ++i) {
      const int64_t stop = starts[i + 1] < end ? starts[i + 1] : end;
      if (stop > begin) f(chunk, i, begin - starts[i], stop - starts[i]);
      begin = stop;
    }
  });
}

/// f(i, begin, end) over the elements of every tensor i.
template <class F>
void for_elements(const Many& tensors, F f) {
  for_pieces(tensors, [&](int64_t, int64_t i, int64_t begin, int64_t end) { f(i, begin, end); });
}

/// The tensor's elements; null when the list is empty.
template <class T>
[[gnu::always_inline]] inline T* elements(const Many& list, int64_t tensor) {
  return list.length ? list[tensor].as<T>() : nullptr;
}

/// from + weight · (to − from), exact at both ends. Source: torch.lerp.
template <class T>
[[gnu::always_inline]] inline T blend(T from, T to, T weight) {
  return weight < T(0.5) ? from + weight * (to - from) : to - (to - from) * (1 - weight);
}

}  // namespace
}  // namespace convcore::cpu::ISA
