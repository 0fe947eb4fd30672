// Lists of tensors, worked on as if they were one: as few launches as the size of a kernel's parameters allows.
#pragma once
#include "context.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

constexpr int kTensors = 40, kBlocks = 320;  // of one launch, whose parameters must stay below 4 KiB
constexpr int64_t kChunk = 8192;             // elements of one block

/// Some tensors of kLists lists, cut into chunks, one per block.
template <class T, int kLists>
struct Chunks {
  T* data[kLists][kTensors];
  int64_t counts[kTensors];
  int32_t chunk[kBlocks];
  uint8_t tensor[kBlocks];
};

/// v[list] = the elements of all lists in one place; f updates them, and all lists from F::kFirstWritten on are
/// written.
template <class T, int kLists, class F>
__global__ void update(Chunks<T, kLists> chunks, F f) {
  using C = Compute<T>;
  const int tensor = chunks.tensor[blockIdx.x];
  const int64_t begin = chunks.chunk[blockIdx.x] * kChunk, rest = chunks.counts[tensor] - begin;
  const int count = static_cast<int>(rest < kChunk ? rest : kChunk);
  bool vectors = true;
  for (int l = 0; l < kLists; ++l) vectors &= reinterpret_cast<uintptr_t>(chunks.data[l][tensor]) % 16 == 0;
  constexpr int width = Vector<T>::kWidth;
  const int whole = vectors ? count / width : 0;
  for (int i = threadIdx.x; i < whole; i += kThreads) {
    Vector<T> v[kLists];
    for (int l = 0; l < kLists; ++l) v[l] = reinterpret_cast<const Vector<T>*>(chunks.data[l][tensor] + begin)[i];
    for (int j = 0; j < width; ++j) {
      C values[kLists];
      for (int l = 0; l < kLists; ++l) values[l] = load(v[l].v[j]);
      f(values);
      for (int l = F::kFirstWritten; l < kLists; ++l) v[l].v[j] = store<T>(values[l]);
    }
    for (int l = F::kFirstWritten; l < kLists; ++l)
      reinterpret_cast<Vector<T>*>(chunks.data[l][tensor] + begin)[i] = v[l];
  }
  for (int i = whole * width + threadIdx.x; i < count; i += kThreads) {
    C values[kLists];
    for (int l = 0; l < kLists; ++l) values[l] = load(chunks.data[l][tensor][begin + i]);
    f(values);
    for (int l = F::kFirstWritten; l < kLists; ++l) chunks.data[l][tensor][begin + i] = store<T>(values[l]);
  }
}

/// run(chunks, blocks) for the elements of equally long lists of tensors, so many at a time as one launch can take.
template <class T, int kLists, class Run>
void for_chunks(const Many* const (&lists)[kLists], Run run) {
  Chunks<T, kLists> chunks;
  int tensors = 0, blocks = 0;
  auto flush = [&] {
    if (blocks) run(chunks, blocks);
    tensors = blocks = 0;
  };
  auto take = [&](int64_t i) {
    for (int l = 0; l < kLists; ++l) chunks.data[l][tensors] = (*lists[l])[i].template as<T>();
    chunks.counts[tensors] = (*lists[0])[i].count;
    return tensors++;
  };
  for (int64_t i = 0; i < lists[0]->length; ++i) {
    const int64_t count = (*lists[0])[i].count;
    if (tensors == kTensors) flush();
    int tensor = take(i);
    for (int64_t begin = 0; begin < count; begin += kChunk) {
      if (blocks == kBlocks) {
        flush();
        tensor = take(i);
      }
      chunks.tensor[blocks] = static_cast<uint8_t>(tensor);
      chunks.chunk[blocks++] = static_cast<int32_t>(begin / kChunk);
    }
  }
  flush();
}

/// Runs f over the elements of equally long lists of tensors.
template <class T, int kLists, class F>
void for_elements(const Many* const (&lists)[kLists], F f) {
  for_chunks<T, kLists>(lists, [&](const Chunks<T, kLists>& chunks, int blocks) {
    launch(update<T, kLists, F>, static_cast<unsigned>(blocks), kThreads, 0, chunks, f);
  });
}

/// from + weight · (to − from), exact at both ends. Source: torch.lerp.
template <class C>
__device__ __forceinline__ C blend(C from, C to, C weight) {
  return weight < C(0.5) ? from + weight * (to - from) : to - (to - from) * (1 - weight);
}

}  // namespace
}  // namespace convcore::cuda
