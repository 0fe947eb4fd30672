#include "stream.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "device.h"
#include "launch.h"
#include "report.h"

namespace emulation {
namespace {

bool lazy() {
  static const bool value = [] {
    const char* mode = std::getenv("EMULATION_STREAMS");
    return mode != nullptr && std::string(mode) == "lazy";
  }();
  return value;
}

// Never freed, so that the use of a destroyed one can be told.
template <class T>
std::vector<std::unique_ptr<T>>& all() {
  static std::vector<std::unique_ptr<T>> objects;
  return objects;
}

CUstream_st& default_stream(int device) {
  static std::array<CUstream_st, kDevices> streams = {CUstream_st{0, true}, CUstream_st{1, true}};
  return streams[device];
}

CUevent_st& checked(cudaEvent_t event) {
  if (event == nullptr || event->destroyed) report("destroyed event", "an event is used that is none, or no more");
  return *event;
}

void run_next(CUstream_st& stream) {
  std::function<void()> work = std::move(stream.pending.front());
  stream.pending.pop_front();
  work();
  ++stream.done;
}

}  // namespace

CUstream_st& resolve(cudaStream_t stream) {
  if (stream == nullptr) return default_stream(current_device());
  if (stream->destroyed) report("destroyed stream", "a stream is used that is no more");
  return *stream;
}

void drain(CUstream_st& stream, uint64_t position) {
  while (stream.done < position && !stream.pending.empty()) run_next(stream);
}
void drain(CUstream_st& stream) { drain(stream, stream.queued); }

void drain_device(int device) {
  std::vector<CUstream_st*> streams = {&default_stream(device)};
  for (auto& stream : all<CUstream_st>()) {
    if (stream->device == device) streams.push_back(stream.get());
  }
  std::shuffle(streams.begin(), streams.end(), generator());
  for (CUstream_st* stream : streams) drain(*stream);
}

void enqueue(CUstream_st& stream, std::function<void()> work) {
  CUstream_st& usual = default_stream(stream.device);
  if (&stream == &usual) {
    for (auto& other : all<CUstream_st>()) {
      if (other->device == stream.device && other->blocking) drain(*other);
    }
  } else if (stream.blocking) {
    drain(usual);
  }
  stream.pending.push_back(std::move(work));
  ++stream.queued;
  if (!lazy()) drain(stream);
}

}  // namespace emulation

using namespace emulation;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  Lock lock = hold();
  bool blocking = (flags & cudaStreamNonBlocking) == 0;
  all<CUstream_st>().push_back(std::make_unique<CUstream_st>(current_device(), blocking));
  *stream = all<CUstream_st>().back().get();
  return cudaSuccess;
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, cudaStreamDefault); }

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  Lock lock = hold();
  if (stream == nullptr) return fail(cudaErrorInvalidResourceHandle);
  CUstream_st& found = resolve(stream);
  drain(found);
  found.destroyed = true;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  Lock lock = hold();
  drain(resolve(stream));
  return cudaSuccess;
}
// Each query brings the stream one step on, so that who polls gets to the end.
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  Lock lock = hold();
  CUstream_st& found = resolve(stream);
  if (found.pending.empty()) return cudaSuccess;
  run_next(found);
  return cudaErrorNotReady;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  Lock lock = hold();
  CUevent_st& found = checked(event);
  if (found.stream == nullptr) return cudaSuccess;
  enqueue(resolve(stream), [recorded = found.stream, position = found.position] { drain(*recorded, position); });
  return cudaSuccess;
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* argument) {
  Lock lock = hold();
  enqueue(resolve(stream), [function, argument] { function(argument); });
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  Lock lock = hold();
  all<CUevent_st>().push_back(std::make_unique<CUevent_st>());
  *event = all<CUevent_st>().back().get();
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  Lock lock = hold();
  checked(event).destroyed = true;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  Lock lock = hold();
  CUevent_st& found = checked(event);
  found.stream = &resolve(stream);
  found.position = found.stream->queued + 1;
  enqueue(*found.stream, [&found] { found.time = std::chrono::steady_clock::now(); });
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  Lock lock = hold();
  CUevent_st& found = checked(event);
  if (found.stream != nullptr) drain(*found.stream, found.position);
  return cudaSuccess;
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  Lock lock = hold();
  CUevent_st& found = checked(event);
  if (found.stream == nullptr || found.stream->done >= found.position) return cudaSuccess;
  run_next(*found.stream);
  return cudaErrorNotReady;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  Lock lock = hold();
  CUevent_st &first = checked(start), &last = checked(end);
  for (CUevent_st* event : {&first, &last}) {
    if (event->stream == nullptr) return fail(cudaErrorInvalidResourceHandle);
    if (event->stream->done < event->position) return cudaErrorNotReady;
  }
  *milliseconds = std::chrono::duration<float, std::milli>(last.time - first.time).count();
  return cudaSuccess;
}
