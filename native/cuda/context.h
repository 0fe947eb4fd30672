// What a CUDA kernel's host side stands on: the device whose task runs on this thread, its stream, launches on it and
// temporary memory in its order.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../buffer.h"
#include "launch.h"

namespace convcore::cuda {

struct Context {
  int device;           // CUDA's ordinal
  cudaStream_t stream;  // all work of the device goes here, in order
  int processors;       // multiprocessors
  int capability;       // 90 is 9.0
  size_t shared_limit;  // bytes of shared memory that a block may have when a kernel asks for it
};

/// Of the device whose task runs on this thread.
const Context& context();

/// Throws std::runtime_error that names `what` and CUDA's reason; out of memory is std::bad_alloc.
void check(cudaError_t error, const char* what);

/// Starts a kernel on the context's stream. `shared` is the bytes of dynamic shared memory; more than 48 KiB must have
/// been allowed with cudaFuncSetAttribute. An empty grid is no launch.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared, Arguments&&... arguments) {
  check(launch_on(context().stream, kernel, grid, block, shared, std::forward<Arguments>(arguments)...),
        "launch of a kernel");
}

/// `bytes` of device memory, 256-byte aligned, until the end of the block: what later tasks put there runs behind
/// what this task launched. Nested scratches stack. Throws std::bad_alloc.
class Scratch {
 public:
  explicit Scratch(int64_t bytes);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  void* data_;
  size_t mark_;
};

/// Fails unless all of `index` lies in [0, limit): "expected <what> in [0, limit), got -1". Costs nothing when the
/// range of the values is known; else waits for the device once and remembers. Values equal to `ignore` pass; where
/// there are some it waits each time.
void check_indices(const IndexIn& index, int64_t limit, const char* what, int64_t ignore = INT64_MIN);

/// Whether all the pointers are multiples of 16, for accesses of 16 bytes.
template <class... T>
bool aligned(const T*... pointers) {
  return ((reinterpret_cast<uintptr_t>(pointers) % 16 == 0) && ...);
}

/// Copies from the device and waits for it.
void read_back(void* host, const void* device, size_t bytes);

}  // namespace convcore::cuda
