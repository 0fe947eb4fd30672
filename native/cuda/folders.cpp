#include "folders.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

namespace convcore::cuda {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<std::string>;

#ifdef __aarch64__
constexpr const char* kTarget = "/targets/sbsa-linux/lib";
#else
constexpr const char* kTarget = "/targets/x86_64-linux/lib";
#endif

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// What lies in a folder and begins with `prefix`, the highest version first.
Paths entries(const std::string& folder, const char* prefix) {
  Paths found;
  std::error_code error;
  for (fs::directory_iterator i(folder, error), end; !error && i != end; i.increment(error))
    if (i->path().filename().string().rfind(prefix, 0) == 0) found.push_back(i->path().string());
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return strverscmp(a.c_str(), b.c_str()) > 0; });
  return found;
}

void append(Paths& to, const Paths& more) { to.insert(to.end(), more.begin(), more.end()); }

Paths toolkits() {
  Paths found{environment("CUDA_PATH"), environment("CUDA_HOME"), "/usr/local/cuda"};
  append(found, entries("/usr/local", "cuda-"));
  return found;
}

/// Where installations of Python may be.
Paths prefixes() {
  Paths found{environment("VIRTUAL_ENV"), environment("CONDA_PREFIX")};
  if (const std::string home = environment("HOME"); !home.empty()) found.push_back(home + "/.local");
  append(found, {"/usr/local", "/usr"});
  for (const std::string& folder : entries("/opt", "")) append(found, {folder, folder + "/.venv"});
  return found;
}

Paths site_packages() {
  Paths found;
  std::istringstream path(environment("PYTHONPATH"));
  for (std::string entry; std::getline(path, entry, ':');) found.push_back(entry);
  for (const std::string& prefix : prefixes()) {
    if (prefix.empty()) continue;
    for (const char* lib : {"/lib", "/lib64"})
      for (const std::string& python : entries(prefix + lib, "python3"))
        append(found, {python + "/site-packages", python + "/dist-packages"});
  }
  return found;
}

}  // namespace

std::vector<std::string> library_folders(const std::vector<const char*>& wheels) {
  Paths candidates, found;
  for (const std::string& toolkit : toolkits())
    if (!toolkit.empty()) append(candidates, {toolkit + "/lib64", toolkit + "/lib", toolkit + kTarget});
  if (const std::string conda = environment("CONDA_PREFIX"); !conda.empty()) candidates.push_back(conda + "/lib");
  for (const std::string& packages : site_packages())
    for (const char* wheel : wheels)
      if (!packages.empty()) candidates.push_back(packages + "/" + wheel);
  for (const std::string& candidate : candidates) {
    std::error_code error;
    const std::string folder = fs::canonical(candidate, error).string();
    if (!error && fs::is_directory(folder, error) && std::find(found.begin(), found.end(), folder) == found.end())
      found.push_back(folder);
  }
  return found;
}

}  // namespace convcore::cuda
