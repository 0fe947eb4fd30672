// What CUDA devices there are.
#include <cuda_runtime.h>

#include <cstdlib>

#include "cuda.h"
#include "device.h"
#include "memory.h"

namespace convcore::cuda {
namespace {

std::string version(int number) { return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10); }

/// Why there is no device, and what was tried.
std::string reason(cudaError_t error) {
  cudaGetLastError();
  int driver = 0, runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  std::string text = error == cudaSuccess
                         ? "CUDA knows no device"
                         : std::string(cudaGetErrorString(error)) + " (" + cudaGetErrorName(error) + ")";
  text += "; asked the CUDA runtime " + version(runtime) + ", ";
  text += driver == 0 ? "which found no driver (libcuda.so.1)" : "whose driver is for CUDA " + version(driver);
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (visible) text += std::string("; CUDA_VISIBLE_DEVICES is \"") + visible + "\"";
  return text;
}

Availability ask() {
  Availability found;
#ifdef CONVCORE_CUDA_EMULATED
  found.emulated = true;
#endif
  const cudaError_t error = cudaGetDeviceCount(&found.count);
  if (error != cudaSuccess) found.count = 0;
  if (found.count == 0) found.reason = reason(error);
  if (found.count > kMaxDevices) found.count = kMaxDevices;
  return found;
}

}  // namespace

const Availability& availability() {
  static const Availability& found = *new Availability(ask());
  return found;
}

std::unique_ptr<Device> open(int id) {
  const Availability& found = availability();
  if (id - kMaxDevices >= found.count)
    fail("expected one of %d CUDA devices, got %s%s%s", found.count, device_name(id).c_str(),
         found.reason.empty() ? "" : ": ", found.reason.c_str());
  return std::make_unique<CudaDevice>(id);
}

Properties properties(int index) {
  cudaDeviceProp device;
  size_t free = 0, total = 0;
  int driver = 0, runtime = 0;
  check(cudaGetDeviceProperties(&device, index), "the properties of the GPU");
  select(index);
  check(cudaMemGetInfo(&free, &total), "the memory of the GPU");
  check(cudaDriverGetVersion(&driver), "the driver's version");
  check(cudaRuntimeGetVersion(&runtime), "the runtime's version");
  return {device.name,     total,           free, device.major, device.minor, device.multiProcessorCount,
          version(driver), version(runtime)};
}

}  // namespace convcore::cuda
