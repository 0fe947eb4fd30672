// Time between two points of a device's work.
#pragma once
#include "call.h"

namespace convcore {

/// mark(device) → a point behind all that was enqueued there so far
Napi::Value mark(const Napi::CallbackInfo& info);
/// elapsed(from, to) → milliseconds between two points of one device, which must have been passed
Napi::Value elapsed(const Napi::CallbackInfo& info);

}  // namespace convcore
