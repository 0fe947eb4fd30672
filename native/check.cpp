#include "check.h"

#include <cstdarg>
#include <cstdio>
#include <stdexcept>

namespace convcore {

void fail(const char* format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  throw std::runtime_error(message);
}

}  // namespace convcore
