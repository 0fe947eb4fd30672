// What the addon knows of CUDA, whether it was built with it (device.cpp) or not (absent.cpp).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "../choice.h"
#include "../device.h"

namespace convcore::cuda {

struct Availability {
  int count = 0;       // of devices
  std::string reason;  // why there are none
  bool emulated = false;
};

/// Asks the driver at the first call, and from then on remembers.
const Availability& availability();

/// The device of this number, 8 and up. Throws std::runtime_error when there is none.
std::unique_ptr<Device> open(int id);

struct Properties {
  std::string name;
  size_t total_memory, free_memory;  // bytes
  int major, minor;                  // compute capability
  int processors;                    // multiprocessors
  std::string driver, runtime;       // CUDA versions
};

/// Of the CUDA device `index`, which must exist.
Properties properties(int index);

/// A library that is opened where it is found.
struct LibraryInfo {
  const char* name;
  std::string version, path;  // empty when absent
  std::string reason;         // why it is absent
};

std::vector<LibraryInfo> libraries();

/// Whether float32 products may round their factors to 10 bits of mantissa (TF32). Default false.
bool tf32_allowed();
void allow_tf32(bool flag);

enum class ConvAlgorithm { Auto, Im2col, Implicit, Cudnn };

/// The way that all convolutions go which can; Auto chooses by shape.
ConvAlgorithm conv_algorithm();
/// "auto", "im2col", "implicit", "cudnn"; CONVCORE_CONV_ALGO.
Choice<ConvAlgorithm, 4>& conv_algorithms();

/// Whether convolutions are timed once per shape and the fastest algorithm is kept, at the price of results that may
/// differ between runs. Default false.
bool benchmark();
void set_benchmark(bool flag);

}  // namespace convcore::cuda
