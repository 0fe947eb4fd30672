// Devices, errors, and the one lock of the emulation.
#pragma once

#include <mutex>

#include "include/emulation/api.h"

namespace emulation {

constexpr int kDevices = 2;

using Lock = std::unique_lock<std::recursive_mutex>;
Lock hold();

int current_device();                 // of this OS thread
cudaError_t fail(cudaError_t error);  // keeps it for cudaGetLastError

}  // namespace emulation
