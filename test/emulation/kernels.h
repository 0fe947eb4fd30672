// Host side of the emulation's tests.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "../../native/cuda/launch.h"

template <class... Parameters, class... Arguments>
[[nodiscard]] cudaError_t launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared,
                                 cudaStream_t stream, Arguments&&... arguments) {
  return convcore::cuda::launch_on(stream, kernel, grid, block, shared, std::forward<Arguments>(arguments)...);
}

#define OK(call)                                                                                     \
  do {                                                                                               \
    if (cudaError_t error = (call); error != cudaSuccess) {                                          \
      std::fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorString(error)); \
      std::exit(1);                                                                                  \
    }                                                                                                \
  } while (false)

// Device memory.
template <class T>
class Array {
 public:
  explicit Array(int count) : count_(count) { OK(cudaMalloc(&data_, count * sizeof(T))); }
  explicit Array(const std::vector<T>& values) : Array(static_cast<int>(values.size())) {
    OK(cudaMemcpy(data_, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice));
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { OK(cudaFree(data_)); }

  T* data() { return data_; }
  std::vector<T> read() {
    std::vector<T> values(count_);
    OK(cudaMemcpy(values.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  T* data_ = nullptr;
  int count_;
};

// The same values on each run; small, so that sums in another order are close.
inline std::vector<float> numbers(int count) {
  std::vector<float> values(count);
  for (int i = 0; i < count; ++i) values[i] = static_cast<float>((i * 37 + 11) % 101) / 50 - 1;
  return values;
}

inline void expect_close(const char* what, const std::vector<float>& found, const std::vector<float>& expected) {
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::fabs(found[i] - expected[i]) <= 1e-4f * (1 + std::fabs(expected[i]))) continue;
    std::fprintf(stderr, "wrong result: %s[%zu] is %g, expected %g\n", what, i, found[i], expected[i]);
    std::exit(1);
  }
}
