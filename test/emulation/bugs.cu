// One planted bug per case: `bugs NAME` must end with a report of its kind. `bugs` alone lists names and kinds.
#include <cstring>
#include <string>

#include "kernels.h"

namespace {

constexpr int kThreads = 64;

__global__ void missing_barrier(float* x) {
  __shared__ float values[kThreads];
  values[threadIdx.x] = x[threadIdx.x];
  x[threadIdx.x] = values[kThreads - 1 - threadIdx.x];
}

// Shared memory is written again while other warps may still read.
__global__ void missing_barrier_after_read(float* x) {
  __shared__ float values[kThreads];
  for (int i = 0; i < 2; ++i) {
    values[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    x[threadIdx.x] = values[kThreads - 1 - threadIdx.x];
  }
}

__global__ void warp_barrier_for_block(float* x) {
  __shared__ float values[kThreads];
  values[threadIdx.x] = x[threadIdx.x];
  __syncwarp();
  x[threadIdx.x] = values[kThreads - 1 - threadIdx.x];
}

// A shuffle orders no memory.
__global__ void shuffle_for_barrier(float* x) {
  __shared__ float values[32];
  values[threadIdx.x] = __shfl_xor_sync(0xffffffffu, x[threadIdx.x], 1);
  float other = __shfl_xor_sync(0xffffffffu, 1.0f, 1);
  x[threadIdx.x] = values[31 - threadIdx.x] + other;
}

__global__ void add_within_block(float* x) {
  __shared__ float total;
  if (threadIdx.x == 0) total = 0;
  __syncthreads();
  total += x[threadIdx.x];
  __syncthreads();
  if (threadIdx.x == 0) x[0] = total;
}

__global__ void add_between_blocks(float* x) {
  if (threadIdx.x == 0) x[0] += 1;
}

__global__ void atomic_and_plain(float* x) {
  atomicAdd(&x[0], 1.0f);
  if (threadIdx.x == 40) x[1] = x[0];
}

// Each block writes what the next one reads.
__global__ void neighbours_between_blocks(float* x) {
  int i = blockIdx.x * blockDim.x + threadIdx.x, count = gridDim.x * blockDim.x;
  float next = x[(i + 1) % count];
  __syncthreads();
  x[i] = next;
}

__global__ void one_element_for_all(float* x) { x[0] = static_cast<float>(threadIdx.x); }

__global__ void unwritten_static(float* x) {
  __shared__ float values[kThreads];
  if (threadIdx.x > 0) values[threadIdx.x] = 1;
  __syncthreads();
  x[threadIdx.x] = values[threadIdx.x];
}

__global__ void unwritten_dynamic(float* x) {
  DYN_SHARED(float, values);
  if (threadIdx.x < 32) values[threadIdx.x] = 1;
  __syncthreads();
  x[threadIdx.x] = values[threadIdx.x];
}

__global__ void outside_global(float* x, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i <= count) x[i] = 1;
}

__global__ void outside_static(float* x) {
  __shared__ float values[kThreads];
  values[threadIdx.x + 1] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = values[threadIdx.x];
}

__global__ void outside_dynamic(float* x) {
  DYN_SHARED(float, values);
  values[threadIdx.x + 1] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = values[threadIdx.x + 1];
}

__global__ void copy(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }

__global__ void fill_twice(float* x, float value) {
  x[threadIdx.x] = value;
  x[threadIdx.x] += value;
}

__global__ void divergent_barrier(float* x) {
  if (threadIdx.x < 32) {
    x[threadIdx.x] += 1;
    __syncthreads();
  } else {
    x[threadIdx.x] += 2;
    __syncthreads();
  }
}

__global__ void return_before_barrier(float* x, int count) {
  if (static_cast<int>(threadIdx.x) >= count) return;
  x[threadIdx.x] += 1;
  __syncthreads();
  x[threadIdx.x] += 1;
}

// The upper lanes are in the mask but not there.
__global__ void mask_too_wide(float* x) {
  if (threadIdx.x % 32 < 16) x[threadIdx.x] = __shfl_down_sync(0xffffffffu, x[threadIdx.x], 8);
  __syncthreads();
}

__global__ void mask_without_caller(float* x) { x[threadIdx.x] = __shfl_down_sync(0x0000ffffu, x[threadIdx.x], 8); }

// A partial warp: the shuffle reads lanes that do not exist.
__global__ void shuffle_from_nobody(float* x) { x[threadIdx.x] = __shfl_xor_sync(0xffffffffu, x[threadIdx.x], 16); }

// A 3×3 window without padding's test: the first row reads before the image.
__global__ void missing_border_test(const float* x, float* y, int width, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) y[i] = x[i - width] + x[i];
}

__global__ void misaligned_vector(float* x) {
  float4* vectors = reinterpret_cast<float4*>(x + 1);
  vectors[threadIdx.x] = make_float4(0, 0, 0, 0);
}

__global__ void misaligned_offset(double* x) { *reinterpret_cast<double2*>(&x[threadIdx.x * 2 + 1]) = {1, 2}; }

int launch_on(void (*kernel)(float*), int blocks, int threads, size_t shared, int count) {
  Array<float> x(numbers(count));
  OK(launch(kernel, blocks, threads, shared, nullptr, x.data()));
  x.read();
  return 0;
}

int use_after_free() {
  float *x, *y;
  OK(cudaMalloc(&x, kThreads * sizeof(float)));
  OK(cudaMalloc(&y, kThreads * sizeof(float)));
  OK(cudaFree(x));
  OK(launch(copy, 1, kThreads, 0, nullptr, x, y));
  OK(cudaDeviceSynchronize());
  return 0;
}

int host_pointer() {
  std::vector<float> x = numbers(kThreads);
  Array<float> y(kThreads);
  OK(launch(copy, 1, kThreads, 0, nullptr, x.data(), y.data()));
  y.read();
  return 0;
}

int host_access() {
  Array<float> x(numbers(kThreads));
  OK(cudaDeviceSynchronize());
  return x.data()[3] > 0 ? 0 : 2;
}

// From a library that is not instrumented: only the protection of pages can tell.
int host_access_in_library() {
  Array<float> x(numbers(kThreads));
  std::vector<float> y(kThreads);
  OK(cudaDeviceSynchronize());
  void* (*volatile copy_bytes)(void*, const void*, size_t) = std::memcpy;
  copy_bytes(y.data(), x.data(), kThreads * sizeof(float));
  return 0;
}

int wrong_device() {
  Array<float> x(numbers(kThreads)), y(kThreads);
  OK(cudaSetDevice(1));
  OK(launch(copy, 1, kThreads, 0, nullptr, x.data(), y.data()));
  OK(cudaDeviceSynchronize());
  return 0;
}

int copy_outside() {
  Array<float> x(kThreads);
  OK(cudaMemset(x.data(), 0, (kThreads + 1) * sizeof(float)));
  return 0;
}

int uninitialised_input() {
  Array<float> x(kThreads), y(kThreads);
  OK(launch(copy, 1, kThreads, 0, nullptr, x.data(), y.data()));
  for (float value : y.read()) {
    if (!(value == value)) std::fprintf(stderr, "wrong result: not a number\n"), std::exit(1);
  }
  return 0;
}

// What a second stream must wait for, or the host.
int without_waiting(bool synchronize_host, bool wait_for_event) {
  Array<float> x(std::vector<float>(kThreads, 1));
  cudaStream_t first, second;
  cudaEvent_t event;
  OK(cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking));
  OK(cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking));
  OK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  float* y;
  OK(cudaMallocHost(&y, kThreads * sizeof(float)));
  OK(launch(fill_twice, 1, kThreads, 0, first, x.data(), 2.0f));
  OK(cudaEventRecord(event, first));
  if (wait_for_event) OK(cudaStreamWaitEvent(second, event, 0));
  OK(cudaMemcpyAsync(y, x.data(), kThreads * sizeof(float), cudaMemcpyDeviceToHost, second));
  if (synchronize_host) OK(cudaStreamSynchronize(second));
  expect_close("y", std::vector<float>(y, y + kThreads), std::vector<float>(kThreads, 4));
  return 0;
}

int outside_global_case() {
  Array<float> x(kThreads);
  OK(launch(outside_global, 2, kThreads, 0, nullptr, x.data(), kThreads));
  x.read();
  return 0;
}

int border_case() {
  Array<float> x(numbers(kThreads)), y(kThreads);
  OK(launch(missing_border_test, 1, kThreads, 0, nullptr, x.data(), y.data(), 8, kThreads));
  y.read();
  return 0;
}

int return_case() {
  Array<float> x(numbers(kThreads));
  OK(launch(return_before_barrier, 1, kThreads, 0, nullptr, x.data(), 50));
  x.read();
  return 0;
}

int offset_case() {
  Array<double> x(kThreads);
  OK(launch(misaligned_offset, 1, 16, 0, nullptr, x.data()));
  x.read();
  return 0;
}

struct Case {
  const char *name, *kind;
  int (*run)();
};

#define KERNEL(kernel, kind, blocks, threads, shared, count)                        \
  {                                                                                 \
#kernel, kind, [] { return launch_on(kernel, blocks, threads, shared, count); } \
  }

const Case kCases[] = {
    KERNEL(missing_barrier, "data race", 1, kThreads, 0, kThreads),
    KERNEL(missing_barrier_after_read, "data race", 1, kThreads, 0, kThreads),
    KERNEL(warp_barrier_for_block, "data race", 1, kThreads, 0, kThreads),
    KERNEL(shuffle_for_barrier, "data race", 1, 32, 0, 32),
    KERNEL(add_within_block, "data race", 1, kThreads, 0, kThreads),
    KERNEL(add_between_blocks, "data race", 4, kThreads, 0, kThreads),
    KERNEL(atomic_and_plain, "data race", 1, kThreads, 0, kThreads),
    KERNEL(neighbours_between_blocks, "data race", 2, kThreads, 0, 2 * kThreads),
    KERNEL(one_element_for_all, "data race", 1, kThreads, 0, kThreads),
    KERNEL(unwritten_static, "unwritten shared memory", 1, kThreads, 0, kThreads),
    KERNEL(unwritten_dynamic, "unwritten shared memory", 1, kThreads, kThreads * sizeof(float), kThreads),
    {"outside_global", "out of bounds", outside_global_case},
    KERNEL(outside_static, "out of bounds", 1, kThreads, 0, kThreads),
    KERNEL(outside_dynamic, "out of bounds", 1, kThreads, kThreads * sizeof(float), kThreads),
    {"missing_border_test", "out of bounds", border_case},
    {"copy_outside", "out of bounds", copy_outside},
    {"use_after_free", "use after free", use_after_free},
    {"host_pointer", "host pointer", host_pointer},
    {"host_access", "host access", host_access},
    {"host_access_in_library", "host access", host_access_in_library},
    {"wrong_device", "wrong device", wrong_device},
    KERNEL(divergent_barrier, "divergent barrier", 1, kThreads, 0, kThreads),
    {"return_before_barrier", "return before a barrier", return_case},
    KERNEL(mask_too_wide, "bad mask", 1, kThreads, 0, kThreads),
    KERNEL(mask_without_caller, "bad mask", 1, kThreads, 0, kThreads),
    KERNEL(shuffle_from_nobody, "bad mask", 1, 24, 0, kThreads),
    KERNEL(misaligned_vector, "misaligned access", 1, 8, 0, kThreads),
    {"misaligned_offset", "misaligned access", offset_case},
    {"uninitialised_input", "wrong result", uninitialised_input},
    {"missing_stream_wait", "wrong result", [] { return without_waiting(false, true); }},
    {"missing_event_wait", "wrong result", [] { return without_waiting(true, false); }},
};

}  // namespace

int main(int count, char** arguments) {
  for (const Case& bug : kCases) {
    if (count < 2) std::printf("%s:%s\n", bug.name, bug.kind);
    if (count >= 2 && std::strcmp(arguments[1], bug.name) == 0) return bug.run();
  }
  return count < 2 ? 0 : 64;
}
