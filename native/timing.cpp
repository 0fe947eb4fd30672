#include "timing.h"

namespace convcore {
namespace {

struct Mark {
  int device;
  std::unique_ptr<Moment> moment;
  std::atomic<bool> taken{false};
  std::atomic<bool> failed{false};
};

constexpr napi_type_tag kTag{0x9c0f4be1a2d84d27, 0x8e55b1370c6f92a4};

const Mark& mark_of(const Napi::CallbackInfo& info, size_t position) {
  bool tagged = false;
  void* data = nullptr;
  if (info[position].IsObject()) napi_check_object_type_tag(info.Env(), info[position], &kTag, &tagged);
  if (!tagged || napi_unwrap(info.Env(), info[position], &data) != napi_ok)
    throw_call(CallError::Type, "ERR_ARGUMENT", "elapsed: expected two marks");
  const Mark& mark = **static_cast<std::shared_ptr<Mark>*>(data);
  if (mark.failed || !mark.taken)
    throw_call(CallError::Plain, "ERR_DEVICE", "elapsed: expected marks that %s has passed",
               device_name(mark.device).c_str());
  return mark;
}

}  // namespace

Napi::Value mark(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), "mark", [&]() -> Napi::Value {
    Device& device = environment_of(info).device(integer(info, 0, "mark", "device", 0, kLastDevice));
    environment_of(info).refuse_recording("mark");
    auto mark = std::make_shared<Mark>();
    mark->device = device.id;
    mark->moment = device.moment();
    Napi::Object result = Napi::Object::New(info.Env());
    auto* wrapped = new std::shared_ptr<Mark>(mark);
    auto release = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Mark>*>(data); };
    if (napi_wrap(info.Env(), result, wrapped, release, nullptr, nullptr) != napi_ok) {
      delete wrapped;
      throw Napi::Error::New(info.Env());
    }
    napi_type_tag_object(info.Env(), result, &kTag);
    device.stream.enqueue([mark]() noexcept {
      try {
        mark->moment->take();
      } catch (const std::exception&) {
        mark->failed = true;
      }
      mark->taken = true;
    });
    return result;
  });
}

Napi::Value elapsed(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), "elapsed", [&]() -> Napi::Value {
    const Mark &from = mark_of(info, 0), &to = mark_of(info, 1);
    if (from.device != to.device)
      throw_call(CallError::Plain, "ERR_DEVICE", "elapsed: expected marks of one device, got %s and %s",
                 device_name(from.device).c_str(), device_name(to.device).c_str());
    return Napi::Number::New(info.Env(), to.moment->since(*from.moment));
  });
}

}  // namespace convcore
