// Barriers, shuffles and votes. The call's own line tells one barrier from another: its address would not, since the
// compiler may copy a call into both arms of a branch.
#pragma once

#include <cstdint>
#include <cstring>

namespace emulation {

struct Where {
  const char* file;
  int line;
};

enum class WarpOp { kSync, kShuffle, kBallot };

// Returns how many threads of the block brought `predicate`.
int block_barrier(bool predicate, Where where);
// kShuffle: the value that `source` brought. kBallot: the lanes that brought something else than 0.
uint64_t warp_exchange(WarpOp op, unsigned mask, uint64_t value, int source, Where where);
int lane();
// Lanes of the warp that have not returned.
unsigned live_lanes();

template <class T>
T shuffle(unsigned mask, T value, int source, Where where) {
  static_assert(sizeof(T) <= sizeof(uint64_t));
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = warp_exchange(WarpOp::kShuffle, mask, bits, source, where);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

}  // namespace emulation

#define EMULATION_WHERE ::emulation::Where where = {__builtin_FILE(), __builtin_LINE()}

inline void __syncthreads(EMULATION_WHERE) { emulation::block_barrier(false, where); }
inline int __syncthreads_count(int predicate, EMULATION_WHERE) {
  return emulation::block_barrier(predicate != 0, where);
}
inline int __syncthreads_or(int predicate, EMULATION_WHERE) {
  return emulation::block_barrier(predicate != 0, where) > 0;
}
inline int __syncthreads_and(int predicate, EMULATION_WHERE) {
  return emulation::block_barrier(predicate == 0, where) == 0;
}
inline void __syncwarp(unsigned mask = 0xffffffffu, EMULATION_WHERE) {
  emulation::warp_exchange(emulation::WarpOp::kSync, mask, 0, 0, where);
}
inline unsigned __activemask() { return emulation::live_lanes(); }

// A lane whose source lies outside its segment of `width` lanes gets its own value back.
template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, EMULATION_WHERE) {
  int first = emulation::lane() & ~(width - 1);
  return emulation::shuffle(mask, value, first + (source & (width - 1)), where);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, EMULATION_WHERE) {
  int lane = emulation::lane(), source = lane - static_cast<int>(delta);
  return emulation::shuffle(mask, value, source < (lane & ~(width - 1)) ? lane : source, where);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, EMULATION_WHERE) {
  int lane = emulation::lane(), source = lane + static_cast<int>(delta);
  return emulation::shuffle(mask, value, source > (lane | (width - 1)) ? lane : source, where);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, EMULATION_WHERE) {
  int lane = emulation::lane(), source = lane ^ bits;
  return emulation::shuffle(mask, value, source > (lane | (width - 1)) ? lane : source, where);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, EMULATION_WHERE) {
  return static_cast<unsigned>(emulation::warp_exchange(emulation::WarpOp::kBallot, mask, predicate != 0, 0, where));
}
inline int __any_sync(unsigned mask, int predicate, EMULATION_WHERE) {
  return emulation::warp_exchange(emulation::WarpOp::kBallot, mask, predicate != 0, 0, where) != 0;
}
inline int __all_sync(unsigned mask, int predicate, EMULATION_WHERE) {
  return emulation::warp_exchange(emulation::WarpOp::kBallot, mask, predicate == 0, 0, where) == 0;
}

#undef EMULATION_WHERE

// Threads take turns in one CPU thread: their memory is always in order.
inline void __threadfence() {}
inline void __threadfence_block() {}
