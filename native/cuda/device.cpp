#include "device.h"

#include <cstring>

#include "kernels.h"
#include "memory.h"

namespace convcore::cuda {
namespace {

thread_local CudaDevice* current_device = nullptr;

constexpr size_t kMaxPinned = size_t{64} << 20;  // bytes of one copy that is worth pinned memory

int attribute(cudaDeviceAttr name, int ordinal) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, name, ordinal), "an attribute of the GPU");
  return value;
}

class CudaMoment final : public Moment {
 public:
  explicit CudaMoment(const Context& context) : context_(context) {
    select(context.device);
    check(cudaEventCreate(&event_), "an event");
  }
  ~CudaMoment() override { cudaEventDestroy(event_); }

  void take() override {
    select(context_.device);
    check(cudaEventRecord(event_, context_.stream), "an event");
  }
  double since(const Moment& earlier) const override {
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, static_cast<const CudaMoment&>(earlier).event_, event_),
          "the time between two events");
    return milliseconds;
  }

 private:
  const Context context_;
  cudaEvent_t event_ = nullptr;
};

}  // namespace

CudaDevice& CudaDevice::current() { return *current_device; }

const Context& context() { return CudaDevice::current().context(); }

CudaDevice::CudaDevice(int id)
    : Device(id, std::make_unique<CudaMemory>(id - kMaxDevices)), arrivals_(id - kMaxDevices) {
  const int ordinal = id - kMaxDevices;
  select(ordinal);
  context_.device = ordinal;
  context_.processors = attribute(cudaDevAttrMultiProcessorCount, ordinal);
  context_.capability = attribute(cudaDevAttrComputeCapabilityMajor, ordinal) * 10 +
                        attribute(cudaDevAttrComputeCapabilityMinor, ordinal);
  context_.shared_limit = static_cast<size_t>(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, ordinal));
  check(cudaStreamCreateWithFlags(&context_.stream, cudaStreamNonBlocking), "a stream");
  check(cudaEventCreateWithFlags(&meeting_, cudaEventDisableTiming), "an event");
}

CudaDevice::~CudaDevice() {
  stop();
  select(context_.device);
  cudaStreamSynchronize(context_.stream);
  cudaFree(arena_.data);
  cudaEventDestroy(meeting_);
  cudaStreamDestroy(context_.stream);
}

const Kernels& CudaDevice::kernels() const { return cuda::kernels; }

std::unique_ptr<Moment> CudaDevice::moment() { return std::make_unique<CudaMoment>(context_); }

void CudaDevice::stop() {
  Device::stop();
  arrivals_.stop();
}

void CudaDevice::enter() {
  select(context_.device);
  current_device = this;
}

void CudaDevice::copy(std::byte* to, const std::byte* from, size_t bytes) {
  enter();
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, context_.stream), "a copy");
}

void CudaDevice::upload(std::byte* to, const HostBuffer& from) {
  enter();
  if (from.bytes())
    check(cudaMemcpyAsync(to, from.data(), from.bytes(), cudaMemcpyHostToDevice, context_.stream), "a copy to the GPU");
}

void CudaDevice::download(void* to, const std::byte* from, size_t bytes) {
  enter();
  std::byte* host = bytes <= kMaxPinned ? pinned_.take(bytes) : static_cast<std::byte*>(to);
  cudaError_t error = cudaMemcpyAsync(host, from, bytes, cudaMemcpyDeviceToHost, context_.stream);
  if (error == cudaSuccess) error = cudaStreamSynchronize(context_.stream);
  if (host != to) {
    if (error == cudaSuccess) std::memcpy(to, host, bytes);
    pinned_.give_back(host, bytes);
  }
  check(error, "a copy from the GPU");
}

void CudaDevice::download_later(void* to, const std::byte* from, size_t bytes, Arrival arrival) {
  enter();
  if (bytes > kMaxPinned) {
    download(to, from, bytes);
    return arrival.call(arrival.data, nullptr);
  }
  std::byte* host = bytes ? pinned_.take(bytes) : nullptr;
  if (host) check(cudaMemcpyAsync(host, from, bytes, cudaMemcpyDeviceToHost, context_.stream), "a copy from the GPU");
  arrivals_.after(context_.stream, [this, to, host, bytes, arrival](cudaError_t error) {
    if (host && error == cudaSuccess) std::memcpy(to, host, bytes);
    if (host) pinned_.give_back(host, bytes);
    arrival.call(arrival.data, error == cudaSuccess ? nullptr : cudaGetErrorString(error));
  });
}

void CudaDevice::copy_from(Device& source, std::byte* to, const std::byte* from, size_t bytes) {
  auto& other = static_cast<CudaDevice&>(source);
  other.enter();
  check(cudaEventRecord(other.meeting_, other.context_.stream), "an event");
  enter();
  check(cudaStreamWaitEvent(context_.stream, other.meeting_, 0), "a wait for another GPU");
  check(cudaMemcpyPeerAsync(to, context_.device, from, other.context_.device, bytes, context_.stream),
        "a copy between GPUs");
  check(cudaEventRecord(meeting_, context_.stream), "an event");
  other.enter();
  check(cudaStreamWaitEvent(other.context_.stream, meeting_, 0), "a wait for another GPU");
}

std::byte* CudaDevice::take_host(size_t bytes) {
  select(context_.device);
  return pinned_.take(bytes);
}

void CudaDevice::give_back_host(std::byte* data, size_t bytes) {
  select(context_.device);
  pinned_.give_back(data, bytes, context_.stream);
}

Scratch::Scratch(int64_t bytes) : data_(nullptr), mark_(SIZE_MAX) {
#ifndef CONVCORE_POOL_NONE
  const size_t size = (static_cast<size_t>(bytes > 0 ? bytes : 1) + 255) / 256 * 256;
  auto& arena = CudaDevice::current().arena_;
  if (arena.used == 0 && arena.capacity < std::max(size, arena.wanted)) {
    check(cudaFree(arena.data), "a release of memory");
    arena.data = nullptr;
    arena.capacity = 0;
    const size_t capacity = std::max(size, arena.wanted);
    check(cudaMalloc(&arena.data, capacity), "memory for temporary data");
    arena.capacity = capacity;
  }
  arena.wanted = std::max(arena.wanted, arena.used + size);
  if (arena.used + size <= arena.capacity) {
    mark_ = arena.used;
    data_ = arena.data + arena.used;
    arena.used += size;
    return;
  }
#endif
  // Nested deeper than ever before: the arena grows for the next time.
  check(cudaMalloc(&data_, static_cast<size_t>(bytes > 0 ? bytes : 1)), "memory for temporary data");
}

Scratch::~Scratch() {
  if (mark_ == SIZE_MAX)
    cudaFree(data_);
  else
    CudaDevice::current().arena_.used = mark_;
}

}  // namespace convcore::cuda
