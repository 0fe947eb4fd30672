// Streams and events. Work runs at once, or with EMULATION_STREAMS=lazy only when somebody waits for it: what is read
// without waiting is then not there yet.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>

#include "include/emulation/api.h"

struct CUstream_st {
  CUstream_st(int device, bool blocking) : device(device), blocking(blocking) {}

  const int device;
  const bool blocking;  // waits for the default stream, and the default stream for it
  bool destroyed = false;
  uint64_t queued = 0, done = 0;
  std::deque<std::function<void()>> pending;
};

struct CUevent_st {
  bool destroyed = false;
  CUstream_st* stream = nullptr;  // of the last record
  uint64_t position = 0;          // done, once the stream has done so many
  std::chrono::steady_clock::time_point time;
};

namespace emulation {

// The stream itself, or for 0 the current device's default stream.
CUstream_st& resolve(cudaStream_t stream);
void enqueue(CUstream_st& stream, std::function<void()> work);
void drain(CUstream_st& stream, uint64_t position);
void drain(CUstream_st& stream);
void drain_device(int device);

}  // namespace emulation
