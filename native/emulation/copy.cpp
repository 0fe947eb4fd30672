// cudaMalloc and the copies. As in CUDA, copies of ordinary host memory are over when the call returns, or at least
// have read their source; copies of pinned memory only when the stream gets there.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <vector>

#include "device.h"
#include "memory.h"
#include "report.h"
#include "stream.h"

namespace emulation {
namespace {

std::map<const char*, size_t>& pinned_blocks() {
  static std::map<const char*, size_t> blocks;
  return blocks;
}

// Is it pinned? Then all of it must be.
bool is_pinned(const void* pointer, size_t bytes) {
  const char* begin = static_cast<const char*>(pointer);
  auto after = pinned_blocks().upper_bound(begin);
  if (after == pinned_blocks().begin()) return false;
  auto [block, size] = *--after;
  if (begin >= block + size) return false;
  if (begin + bytes > block + size) {
    report("out of bounds", text("a copy of %zu bytes at %p reaches out of the %zu pinned bytes at %p", bytes, pointer,
                                 size, static_cast<const void*>(block)));
  }
  return true;
}

bool fits(cudaMemcpyKind kind, bool to_device, bool from_device) {
  switch (kind) {
    case cudaMemcpyHostToHost: return !to_device && !from_device;
    case cudaMemcpyHostToDevice: return to_device && !from_device;
    case cudaMemcpyDeviceToHost: return !to_device && from_device;
    case cudaMemcpyDeviceToDevice: return to_device && from_device;
    case cudaMemcpyDefault: return true;
  }
  return false;
}

cudaError_t copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, CUstream_st& stream) {
  if (bytes == 0) return cudaSuccess;
  bool to_device = is_device_address(to), from_device = is_device_address(from);
  if (!fits(kind, to_device, from_device)) return fail(cudaErrorInvalidMemcpyDirection);
  for (const void* end : {static_cast<const void*>(to), from}) {
    if (is_device_address(end)) check_range("cudaMemcpy", end, bytes, nearest_allocation(end)->device);
  }
  if (!from_device && !is_pinned(from, bytes)) {
    const char* begin = static_cast<const char*>(from);
    enqueue(stream, [to, staged = std::vector<char>(begin, begin + bytes)] {
      Unprotected unprotected;
      std::memcpy(to, staged.data(), staged.size());
    });
  } else {
    enqueue(stream, [to, from, bytes] {
      Unprotected unprotected;
      std::memmove(to, from, bytes);
    });
  }
  if (!to_device && !is_pinned(to, bytes)) drain(stream);
  return cudaSuccess;
}

cudaError_t fill(void* to, int value, size_t bytes, CUstream_st& stream) {
  check_range("cudaMemset", to, bytes, stream.device);
  enqueue(stream, [to, value, bytes] {
    Unprotected unprotected;
    std::memset(to, value, bytes);
  });
  return cudaSuccess;
}

}  // namespace
}  // namespace emulation

using namespace emulation;

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  Lock lock = hold();
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  *pointer = allocate(current_device(), bytes);
  return *pointer != nullptr ? cudaSuccess : fail(cudaErrorMemoryAllocation);
}
cudaError_t cudaFree(void* pointer) {
  Lock lock = hold();
  if (pointer == nullptr) return cudaSuccess;
  for (int device = 0; device < kDevices; ++device) drain_device(device);
  release(pointer);
  return cudaSuccess;
}
cudaError_t cudaMallocHost(void** pointer, size_t bytes, unsigned) {
  Lock lock = hold();
  *pointer = std::malloc(std::max<size_t>(bytes, 1));
  if (*pointer == nullptr) return fail(cudaErrorMemoryAllocation);
  std::memset(*pointer, 0xff, bytes);
  pinned_blocks()[static_cast<char*>(*pointer)] = bytes;
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned flags) {
  return cudaMallocHost(pointer, bytes, flags);
}
cudaError_t cudaFreeHost(void* pointer) {
  Lock lock = hold();
  if (pointer == nullptr) return cudaSuccess;
  for (int device = 0; device < kDevices; ++device) drain_device(device);
  if (pinned_blocks().erase(static_cast<char*>(pointer)) == 0) {
    report("bad free", text("cudaFreeHost of %p, no pinned memory", pointer));
  }
  std::free(pointer);
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  Lock lock = hold();
  *free = free_memory(current_device());
  *total = device_capacity();
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  Lock lock = hold();
  return copy(to, from, bytes, kind, resolve(stream));
}
cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  Lock lock = hold();
  cudaError_t error = copy(to, from, bytes, kind, resolve(nullptr));
  drain(resolve(nullptr));
  return error;
}
cudaError_t cudaMemcpyPeerAsync(void* to, int to_device, const void* from, int from_device, size_t bytes,
                                cudaStream_t stream) {
  Lock lock = hold();
  check_range("cudaMemcpyPeer", to, bytes, to_device);
  check_range("cudaMemcpyPeer", from, bytes, from_device);
  return copy(to, from, bytes, cudaMemcpyDeviceToDevice, resolve(stream));
}
cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  Lock lock = hold();
  return fill(to, value, bytes, resolve(stream));
}
cudaError_t cudaMemset(void* to, int value, size_t bytes) { return cudaMemsetAsync(to, value, bytes, nullptr); }
