// What the emulation found: printed with kernel, thread, place and seed; then the process ends.
#pragma once

#include <string>

#include "include/emulation/sync.h"

namespace emulation {

// `kind` is the bug's name, as the tests look for it.
[[noreturn]] void report(const char* kind, const std::string& details);

// "file:line (function)" of a code address; where there is no addr2line, the module and the offset in it.
std::string place(const void* code);
std::string place(Where where);
std::string function_name(const void* code);
std::string text(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace emulation
