// Where CUDA's libraries are usually installed.
#pragma once
#include <string>
#include <vector>

namespace convcore::cuda {

/// Folders that exist, best first: of $CUDA_PATH, $CUDA_HOME, /usr/local/cuda*, then `wheels` below the site-packages
/// that can be found without running Python.
std::vector<std::string> library_folders(const std::vector<const char*>& wheels);

}  // namespace convcore::cuda
