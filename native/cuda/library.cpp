#include "library.h"

#include <cuda_runtime.h>
#ifndef CONVCORE_CUDA_EMULATED
#include <link.h>
#endif

#include <cstdlib>
#include <filesystem>

#include "blas.h"
#include "dnn.h"
#include "folders.h"

namespace convcore::cuda {
namespace {

std::string chosen(const Wanted& wanted) {
  const char* value = std::getenv(wanted.variable);
  return value ? value : "";
}

#ifndef CONVCORE_CUDA_EMULATED
std::string file(const char* stem, int major) { return std::string(stem) + ".so." + std::to_string(major); }

std::string folder_of(const std::string& path) { return std::filesystem::path(path).parent_path().string(); }

void* open(const std::string& path) { return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL); }

std::string path_of(void* library) {
  link_map* map = nullptr;
  return dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 && map ? map->l_name : "";
}

/// The major version in a file's name, behind ".so.", also where a link hides it; else the best.
int major_of(const std::string& path, const Wanted& wanted) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  const std::string name = (error ? std::filesystem::path(path) : real).filename().string();
  const size_t at = name.find(".so.");
  const int major = at == std::string::npos ? 0 : std::atoi(name.c_str() + at + 4);
  return major > 0 ? major : wanted.majors.front();
}

/// The parts, from the library's own folder where they are there. They are looked up by their names from then on, so
/// this also serves libraries that do not know where their parts are; cuDNN ends the process when it misses one.
std::string open_parts(const Wanted& wanted, const std::string& folder, int major) {
  for (const char* part : wanted.parts) {
    const std::string name = file(part, major), beside = folder + "/" + name;
    std::error_code error;
    if (!open(!folder.empty() && std::filesystem::exists(beside, error) ? beside : name)) return dlerror();
  }
  return "";
}

class Search {
 public:
  Search(const Wanted& wanted, Accept accept) : wanted_(wanted), accept_(accept) {}

  /// A file, or the name of one for the loader to find. Whether it will do.
  bool take(const std::string& path, int major) {
    std::string folder = folder_of(path);
    void* library = open(path);
    std::string problem = library ? "" : dlerror();
    if (!library && !folder.empty() && open_parts(wanted_, folder, major).empty()) library = open(path);
    if (!library) return reject(problem);
    const std::string found = path_of(library);
    problem = open_parts(wanted_, folder_of(found), major);
    if (!problem.empty()) return reject(found + ": " + problem);
    std::string version;
    problem = accept_(library, version);
    if (!problem.empty()) return reject(found + ": " + problem);
    info_ = {wanted_.name, version, found, ""};
    return true;
  }
  void run() {
    if (const std::string path = chosen(wanted_); !path.empty()) {
      if (!take(path, major_of(path, wanted_))) info_.reason = std::string(wanted_.variable) + ": " + info_.reason;
      return;
    }
    for (int major : wanted_.majors)
      if (take(file(wanted_.stem, major), major)) return;
    std::string looked;
    for (const std::string& folder : library_folders(wanted_.wheels)) {
      for (int major : wanted_.majors) {
        const std::string path = folder + "/" + file(wanted_.stem, major);
        std::error_code error;
        if (std::filesystem::exists(path, error) && take(path, major)) return;
      }
      looked += (looked.empty() ? "" : ", ") + folder;
    }
    reject("looked in " + (looked.empty() ? "no other folder" : looked));
  }
  LibraryInfo info() const { return info_; }

 private:
  bool reject(const std::string& problem) {
    info_.reason += (info_.reason.empty() ? "" : "; ") + problem;
    return false;
  }

  const Wanted& wanted_;
  Accept accept_;
  LibraryInfo info_{wanted_.name, "", "", ""};
};
#endif

}  // namespace

LibraryInfo open_library(const Wanted& wanted, Accept accept) {
  if (chosen(wanted) == "none") return {wanted.name, "", "", std::string(wanted.variable) + " is \"none\""};
#ifdef CONVCORE_CUDA_EMULATED
  LibraryInfo info{wanted.name, "", "emulated", ""};
  info.reason = accept(nullptr, info.version);
  return info;
#else
  Search search(wanted, accept);
  search.run();
  return search.info();
#endif
}

std::string refused_by_driver(int cuda_major) {
  int driver = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0 || driver / 1000 >= cuda_major) return "";
  return "it is for CUDA " + std::to_string(cuda_major) + ", the driver for CUDA " + std::to_string(driver / 1000);
}

std::vector<LibraryInfo> libraries() { return {blas::info(), dnn::info()}; }

}  // namespace convcore::cuda
