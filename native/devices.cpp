#include "devices.h"

#include "cpu/settings.h"
#include "cuda/cuda.h"

namespace convcore {
namespace {

void set(Napi::Object object, const char* name, const std::string& text) {
  if (!text.empty()) object.Set(name, Napi::String::New(object.Env(), text));
}
void set(Napi::Object object, const char* name, double number) {
  object.Set(name, Napi::Number::New(object.Env(), number));
}

bool flag(const Napi::CallbackInfo& info, const char* op) {
  if (!info[0].IsBoolean()) throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected a boolean", op);
  return info[0].As<Napi::Boolean>().Value();
}

}  // namespace

Napi::Value cuda_availability(const Napi::CallbackInfo& info) {
  const cuda::Availability& found = cuda::availability();
  Napi::Object result = Napi::Object::New(info.Env());
  set(result, "count", found.count);
  result.Set("reason", Napi::String::New(info.Env(), found.reason));
  result.Set("emulated", Napi::Boolean::New(info.Env(), found.emulated));
  return result;
}

Napi::Value cuda_properties(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), "properties", [&]() -> Napi::Value {
    if (cuda::availability().count == 0)
      throw_call(CallError::Plain, "ERR_DEVICE", "properties: expected a CUDA device: %s",
                 cuda::availability().reason.c_str());
    const int index = static_cast<int>(integer(info, 0, "properties", "device", 0, cuda::availability().count - 1));
    const cuda::Properties found = cuda::properties(index);
    Napi::Object result = Napi::Object::New(info.Env());
    set(result, "name", found.name);
    set(result, "totalMemory", static_cast<double>(found.total_memory));
    set(result, "freeMemory", static_cast<double>(found.free_memory));
    Napi::Array capability = Napi::Array::New(info.Env(), 2);
    capability.Set(0u, Napi::Number::New(info.Env(), found.major));
    capability.Set(1u, Napi::Number::New(info.Env(), found.minor));
    result.Set("capability", capability);
    set(result, "processors", found.processors);
    set(result, "driver", found.driver);
    set(result, "runtime", found.runtime);
    result.Set("emulated", Napi::Boolean::New(info.Env(), cuda::availability().emulated));
    return result;
  });
}

Napi::Value cuda_libraries(const Napi::CallbackInfo& info) {
  const auto found = cuda::libraries();
  Napi::Array result = Napi::Array::New(info.Env(), found.size());
  for (uint32_t i = 0; i < found.size(); ++i) {
    Napi::Object library = Napi::Object::New(info.Env());
    set(library, "name", found[i].name);
    set(library, "version", found[i].version);
    set(library, "path", found[i].path);
    set(library, "reason", found[i].reason);
    result.Set(i, library);
  }
  return result;
}

Napi::Value tf32(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), "setAllowTF32", [&]() -> Napi::Value {
    if (info.Length() > 0) cuda::allow_tf32(flag(info, "setAllowTF32"));
    return Napi::Boolean::New(info.Env(), cuda::tf32_allowed());
  });
}

Napi::Value conv_benchmark(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), "benchmark", [&]() -> Napi::Value {
    if (info.Length() > 0) cuda::set_benchmark(flag(info, "benchmark"));
    return Napi::Boolean::New(info.Env(), cuda::benchmark());
  });
}

namespace {

/// What a backend's choice is, or becomes where there is an argument.
template <class Algorithm, int kCount>
Napi::Value conv_algorithm_of(const Napi::CallbackInfo& info, Choice<Algorithm, kCount>& algorithms) {
  return guarded(info.Env(), "convAlgorithm", [&]() -> Napi::Value {
    if (info.Length() > 0) {
      Algorithm algorithm;
      const std::string name = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : "another type";
      if (!algorithms.find(name, algorithm))
        throw_call(CallError::Range, "ERR_ARGUMENT", "convAlgorithm: expected %s, got %.40s",
                   algorithms.list("'").c_str(), name.c_str());
      algorithms.set(algorithm);
    }
    return Napi::String::New(info.Env(), algorithms.name_of(algorithms.get()));
  });
}

}  // namespace

Napi::Value conv_algorithm(const Napi::CallbackInfo& info) { return conv_algorithm_of(info, cuda::conv_algorithms()); }

Napi::Value cpu_conv_algorithm(const Napi::CallbackInfo& info) {
  return conv_algorithm_of(info, cpu::conv_algorithms());
}

}  // namespace convcore
