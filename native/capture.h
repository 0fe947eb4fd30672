// Recording a step and running it again (plan.h), as JavaScript asks for it.
#pragma once
#include "call.h"

namespace convcore {

/// record(device): from here on that device's tasks are put by, and other devices refuse
void record(const Napi::CallbackInfo& info);
/// vary() → how many numbers the last call takes, which from now on each replay gives
Napi::Value vary(const Napi::CallbackInfo& info);
/// suspend() and resume(): what is called in between runs at once
void suspend(const Napi::CallbackInfo& info);
void resume(const Napi::CallbackInfo& info);
/// finish() → plan. The recording ends.
Napi::Value finish(const Napi::CallbackInfo& info);
/// replay(plan, Float64Array of all numbers)
void replay(const Napi::CallbackInfo& info);
/// fresh(plan) → whether what it uses from outside still belongs to tensors
Napi::Value fresh(const Napi::CallbackInfo& info);
/// recorded(plan, tensor) → whether the recording made the tensor's memory
Napi::Value recorded(const Napi::CallbackInfo& info);
/// dropPlan(plan)
void drop_plan(const Napi::CallbackInfo& info);

}  // namespace convcore
