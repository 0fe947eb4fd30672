// Errors of the native layer.
#pragma once

namespace convcore {

/// Throws std::runtime_error with a printf-like message.
[[noreturn, gnu::format(printf, 1, 2)]] void fail(const char* format, ...);

}  // namespace convcore
