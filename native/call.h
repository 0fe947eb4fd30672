// What the addon's functions share: errors that become JavaScript's, and arguments that are numbers.
#pragma once
#define NODE_ADDON_API_CPP_EXCEPTIONS
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#include <napi.h>

#include <cmath>
#include <cstdio>
#include <string>
#include <system_error>

#include "environment.h"

namespace convcore {

/// Never throws: a worker that is being terminated refuses most calls, and its errors then reach nobody.
inline Napi::Error make_error(Napi::Env env, CallError::Kind kind, const char* code, const std::string& message) {
  auto make = kind == CallError::Type    ? napi_create_type_error
              : kind == CallError::Range ? napi_create_range_error
                                         : napi_create_error;
  napi_value code_value = nullptr, text = nullptr, error = nullptr;
  napi_create_string_utf8(env, code, NAPI_AUTO_LENGTH, &code_value);
  napi_create_string_utf8(env, message.data(), message.size(), &text);
  make(env, code_value, text, &error);
  return Napi::Error(env, error);
}

inline Napi::Error to_error(Napi::Env env, const CallError& error) {
  return make_error(env, error.kind, error.code, error.message);
}

/// Runs f; C++ exceptions become JavaScript ones.
template <class F>
auto guarded(Napi::Env env, const char* op, F&& f) -> decltype(f()) {
  try {
    return f();
  } catch (const CallError& error) {
    throw to_error(env, error);
  } catch (const OutOfMemory& memory) {
    char message[256];
    std::snprintf(message, sizeof message,
                  "%s: expected %zu bytes of memory, but %zu are in use, %zu are cached and the limit is %zu", op,
                  memory.wanted, memory.live, memory.idle, memory.limit);
    throw make_error(env, CallError::Range, "ERR_OUT_OF_MEMORY", message);
  } catch (const std::bad_alloc&) {
    throw make_error(env, CallError::Range, "ERR_OUT_OF_MEMORY", std::string(op) + ": out of memory");
  } catch (const Stream::Stopped&) {
    throw make_error(env, CallError::Plain, "ERR_STOPPED",
                     std::string(op) + ": the process or worker is shutting down");
  } catch (const std::system_error& error) {
    throw make_error(env, CallError::Plain, "ERR_THREAD",
                     std::string(op) + ": could not start a thread: " + error.what());
  } catch (const std::runtime_error& error) {
    throw make_error(env, CallError::Plain, "ERR_DEVICE", std::string(op) + ": " + error.what());
  }
}

inline Napi::Error to_error(Napi::Env env, const Failure& failure) {
  return make_error(env, CallError::Plain, "ERR_EXECUTION", failure.op + ": " + failure.message);
}

inline Environment& environment_of(const Napi::CallbackInfo& info) { return *static_cast<Environment*>(info.Data()); }

inline double number(const Napi::CallbackInfo& info, size_t i, const char* op, const char* name) {
  if (i >= info.Length() || !info[i].IsNumber())
    throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected %s to be a number", op, name);
  return info[i].As<Napi::Number>().DoubleValue();
}

inline int64_t integer(const Napi::CallbackInfo& info, size_t i, const char* op, const char* name, double low,
                       double high) {
  double value = number(info, i, op, name);
  if (!(value >= low && value <= high) || value != std::floor(value))
    throw_call(CallError::Range, "ERR_ARGUMENT", "%s: expected %s to be a whole number from %.0f to %.0f, got %g", op,
               name, low, high, value);
  return static_cast<int64_t>(value);
}

}  // namespace convcore
