// From tensors to JavaScript.
#pragma once
#include "call.h"

namespace convcore {

Napi::Value read_sync(const Napi::CallbackInfo& info);
Napi::Value read(const Napi::CallbackInfo& info);
Napi::Value sync(const Napi::CallbackInfo& info);

/// The threadsafe function's callback: settles the promise of a read on the JavaScript thread.
void settle(napi_env env, napi_value, void* environment, void* read);

}  // namespace convcore
