// NVIDIA's libraries, opened where they are found: the addon loads without them.
#pragma once
#include <string>
#include <vector>

#include "cuda.h"

/// Sets functions.name to the library's function of that name, or to null where it has none.
#ifdef CONVCORE_CUDA_EMULATED
#define CONVCORE_FIND(library, functions, name) functions.name = ::name
#else
#include <dlfcn.h>
#define CONVCORE_FIND(library, functions, name) \
  functions.name = reinterpret_cast<decltype(functions.name)>(dlsym(library, #name))
#endif

namespace convcore::cuda {

struct Wanted {
  const char* name;                 // for people
  const char* variable;             // of the environment: the library's path, or "none"
  const char* stem;                 // the file is <stem>.so.<major>
  std::vector<int> majors;          // versions, best first
  std::vector<const char*> parts;   // stems of what it cannot work without, each after what it needs itself
  std::vector<const char*> wheels;  // where Python's packages have it, below site-packages
};

/// Looks at an open library, which is null in the emulation: takes its functions, tells its version, and says what
/// speaks against it, if anything.
using Accept = std::string (*)(void* library, std::string& version);

/// Opens the first that `accept` has nothing against. It is never closed. The folders are those of `variable` or else,
/// in this order: the loader's, CUDA's and Python's (folders.h).
LibraryInfo open_library(const Wanted& wanted, Accept accept);

/// "" or the reason why the driver cannot run what was made for this major version of CUDA.
std::string refused_by_driver(int cuda_major);

}  // namespace convcore::cuda
