#include "report.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "block.h"
#include "launch.h"

namespace emulation {
namespace {

std::string base_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

// Pairs of lines: function, then file:line; from the innermost inlined function outwards.
std::vector<std::string> symbolize(const std::string& module, uintptr_t offset) {
  std::vector<std::string> lines;
  std::string command = text("addr2line -Cfi -e '%s' %#zx 2>/dev/null", module.c_str(), size_t{offset});
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return lines;
  char line[1024];
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    lines.emplace_back(line);
    lines.back().erase(std::min(lines.back().find(" (discriminator"), lines.back().find('\n')));
  }
  pclose(pipe);
  return lines;
}

struct Symbol {
  std::string function, place;
};

Symbol find_symbol(const void* code) {
  Dl_info info{};
  link_map* map = nullptr;
  if (dladdr1(code, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0) return {"?", "?"};
  std::string module = map->l_name[0] == '\0' ? "/proc/self/exe" : map->l_name;
  if (char* resolved = realpath(module.c_str(), nullptr)) {
    module = resolved;
    std::free(resolved);
  }
  uintptr_t offset = reinterpret_cast<uintptr_t>(code) - map->l_addr;
  std::vector<std::string> lines = symbolize(module, offset);
  for (size_t i = 0; i + 1 < lines.size(); i += 2) {
    bool known = lines[i + 1].compare(0, 2, "??") != 0;
    bool own = lines[i + 1].find("include/emulation/") != std::string::npos;  // __ldg and the like
    if (known && !own) return {lines[i], base_name(lines[i + 1]) + " (" + lines[i] + ")"};
  }
  std::string function = lines.empty() || lines[0] == "??" ? "" : lines[0];
  std::string where = base_name(module) + text("+%#zx", size_t{offset});
  return {function.empty() ? where : function, where};
}

std::string triple(const uint3& v) { return text("(%u,%u,%u)", v.x, v.y, v.z); }

}  // namespace

std::string text(const char* format, ...) {
  char buffer[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  return buffer;
}

std::string place(const void* code) {
  // A return address is one past the call.
  return find_symbol(static_cast<const char*>(code) - 1).place;
}
std::string place(Where where) { return base_name(where.file) + text(":%d", where.line); }
std::string function_name(const void* code) { return find_symbol(code).function; }

void report(const char* kind, const std::string& details) {
  std::fprintf(stderr, "emulation: %s: %s\n", kind, details.c_str());
  if (on_device()) {
    std::fprintf(stderr, "  in kernel %s, block %s, thread %s\n", function_name(running.call->kernel).c_str(),
                 triple(builtins.block).c_str(), triple(builtins.thread).c_str());
  }
  std::fprintf(stderr, "  EMULATION_SEED=%llu gives the same order\n", static_cast<unsigned long long>(seed()));
  std::abort();
}

}  // namespace emulation
