#include "capture.h"

#include "plan.h"

namespace convcore {
namespace {

constexpr char kOp[] = "capture";

Plan& plan_of(const Napi::CallbackInfo& info) {
  return environment_of(info).plan(integer(info, 0, kOp, "plan", 0, 0x1p53));
}

}  // namespace

void record(const Napi::CallbackInfo& info) {
  guarded(info.Env(), kOp, [&] {
    Environment& environment = environment_of(info);
    environment.record(environment.device(integer(info, 0, kOp, "device", 0, kLastDevice)));
  });
}

Napi::Value vary(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), kOp, [&] {
    Plan* plan = environment_of(info).recording();
    return Napi::Number::New(info.Env(), plan ? plan->vary() : 0);
  });
}

void suspend(const Napi::CallbackInfo& info) { environment_of(info).suspend(); }
void resume(const Napi::CallbackInfo& info) { environment_of(info).resume(); }

Napi::Value finish(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), kOp,
                 [&] { return Napi::Number::New(info.Env(), static_cast<double>(environment_of(info).finish())); });
}

void replay(const Napi::CallbackInfo& info) {
  guarded(info.Env(), kOp, [&] {
    Plan& plan = plan_of(info);
    environment_of(info).refuse_recording("replay");
    if (info.Length() < 2 || !info[1].IsTypedArray() ||
        info[1].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array)
      throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected numbers in a Float64Array", kOp);
    size_t count = 0;
    void* numbers = nullptr;
    napi_get_typedarray_info(info.Env(), info[1], nullptr, &count, &numbers, nullptr, nullptr);
    if (count != plan.numbers())
      throw_call(CallError::Range, "ERR_ARGUMENT", "%s: expected %zu numbers, got %zu", kOp, plan.numbers(), count);
    plan.replay(static_cast<const double*>(numbers));
  });
}

Napi::Value fresh(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), kOp, [&] {
    environment_of(info).close_all();
    return Napi::Boolean::New(info.Env(), plan_of(info).fresh());
  });
}

Napi::Value recorded(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), kOp, [&] {
    const TensorSlot& slot = environment_of(info).find(number(info, 1, kOp, "tensor"), kOp, "tensor");
    return Napi::Boolean::New(info.Env(), plan_of(info).made(*slot.storage));
  });
}

void drop_plan(const Napi::CallbackInfo& info) {
  guarded(info.Env(), kOp, [&] { environment_of(info).drop_plan(integer(info, 0, kOp, "plan", 0, 0x1p53)); });
}

}  // namespace convcore
