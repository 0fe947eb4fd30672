// What JavaScript asks about CUDA.
#pragma once
#include "call.h"

namespace convcore {

/// cuda() → { count, reason, emulated }
Napi::Value cuda_availability(const Napi::CallbackInfo& info);
/// cudaProperties(index) → see Properties in cuda/cuda.h
Napi::Value cuda_properties(const Napi::CallbackInfo& info);
/// cudaLibraries() → [{ name, version?, path?, reason? }]
Napi::Value cuda_libraries(const Napi::CallbackInfo& info);
/// tf32(flag?) → whether TF32 is allowed
Napi::Value tf32(const Napi::CallbackInfo& info);
/// convBenchmark(flag?) → whether algorithms are timed
Napi::Value conv_benchmark(const Napi::CallbackInfo& info);

/// convAlgorithm(name?) → how convolutions go on CUDA
Napi::Value conv_algorithm(const Napi::CallbackInfo& info);
/// cpuConvAlgorithm(name?) → name
Napi::Value cpu_conv_algorithm(const Napi::CallbackInfo& info);

}  // namespace convcore
