// The addon: every op of ops.def as a function of `kernels`, and the few calls that make, move and read tensors.
#include "binding.h"
#include "call.h"
#include "call_step.h"
#include "capture.h"
#include "cpu/isa.h"
#include "cpu/threads.h"
#include "devices.h"
#include "reading.h"
#include "timing.h"
#include "transfer.h"

namespace convcore {
namespace {

// ---- kernels ---------------------------------------------------------------------------------------------------

template <class... T>
std::array<int64_t, sizeof...(T)> counts_of(T... counts) {
  return {counts...};
}

struct ParameterNames {
  std::vector<std::string> names;
  std::vector<const char*> pointers;

  explicit ParameterNames(std::string signature) {
    signature.back() = ',';  // was the closing parenthesis
    for (size_t end = signature.find(','); end != std::string::npos; end = signature.find(',', end + 1)) {
      size_t start = signature.find_last_of(" &", end) + 1;
      names.push_back(signature.substr(start, end - start));
    }
    for (const std::string& name : names) pointers.push_back(name.c_str());
  }
};

template <class Op>
napi_value invoke(napi_env env, napi_callback_info info) {
  using Call = convcore::Call<typename Op::Signature>;
  static const ParameterNames& names = *new ParameterNames(Op::kSignature);
  napi_value values[Call::kArity];
  size_t arity = Call::kArity;
  void* environment;
  napi_get_cb_info(env, info, &arity, values, nullptr, &environment);
  napi_value made = nullptr;
  try {
    guarded(env, Op::kName, [&] {
      CallContext context{env, static_cast<Environment*>(environment), Op::kName, names.pointers.data()};
      if (arity != Call::kArity)
        throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected %zu arguments, got %zu", Op::kName, Call::kArity,
                   arity);
      Call call;
      call.op = Op::kName;
      call.read(context, values);
      call.check(context, call.with(Op::counts));
      if (!context.device) return;
      call.device = context.device;
      call.kernel = Op::kernel(context.device->kernels());
      if (Plan* plan = context.environment->recording(*context.device, Op::kName))
        plan->append(std::make_unique<CallStep<Op>>(std::move(call)));
      else if (!(context.device->on_host() && call.small() && context.device->stream.run_if_idle(call)))
        context.device->stream.enqueue(std::move(call));
      if (context.made) napi_create_double(env, context.made, &made);
    });
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  }
  return made;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define OP(name, signature, expected)                                   \
  struct name##_op {                                                    \
    using Signature = void signature;                                   \
    static constexpr const char* kName = #name;                         \
    static constexpr const char* kSignature = #signature;               \
    static auto kernel(const Kernels& kernels) { return kernels.name; } \
    static auto counts signature { return counts_of expected; }         \
  };
#include "ops.def"
#undef OP
#pragma GCC diagnostic pop

Napi::Object make_kernels(Napi::Env env, Environment* environment) {
  Napi::Object kernels = Napi::Object::New(env);
  napi_value function;
#define OP(name, signature, counts)                                                              \
  napi_create_function(env, #name, NAPI_AUTO_LENGTH, invoke<name##_op>, environment, &function); \
  kernels.Set(#name, Napi::Value(env, function));
#include "ops.def"
#undef OP
  return kernels;
}

/// preparedSize(geometry) → elements that conv_prepare writes
Napi::Value prepared_size(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), "preparedSize", [&] {
    static const char* const kNames[] = {"geometry"};
    CallContext call{info.Env(), &environment_of(info), "preparedSize", kNames};
    Argument<const Conv&> geometry;
    geometry.read(call, info[0]);
    return Napi::Number::New(info.Env(), static_cast<double>(geometry.value.prepared()));
  });
}

// ---- tensors ---------------------------------------------------------------------------------------------------

/// create(op, count, dtype, device) → handle of uninitialised memory. A raw function: most ops make their results here.
napi_value create(napi_env env, napi_callback_info info) {
  napi_value values[4], handle = nullptr;
  size_t arity = 4;
  void* data;
  napi_get_cb_info(env, info, &arity, values, nullptr, &data);
  Environment& environment = *static_cast<Environment*>(data);
  char op[64] = "create";
  try {
    guarded(env, op, [&] {
      static const char* const kNames[] = {"op", "count", "dtype", "device"};
      CallContext call{env, &environment, op, kNames};
      auto integer = [&](int position, double high) {
        call.position = position;
        int64_t value = to_integer(call, read_number(call, values[position]));
        if (value < 0 || static_cast<double>(value) > high)
          throw_call(CallError::Range, "ERR_ARGUMENT", "%s: expected %s from 0 to %.0f, got %lld", op, call.name(),
                     high, static_cast<long long>(value));
        return value;
      };
      int64_t count = integer(1, Environment::kMaxCount);
      DType dtype = static_cast<DType>(integer(2, kDTypes - 1));
      Device& device = environment.device(integer(3, kLastDevice));
      if (is_half(dtype) && device.on_host())
        throw_call(CallError::Type, "ERR_DTYPE", "%s: expected %s on a CUDA device, got %s", op, name_of(dtype),
                   device.name().c_str());
      double made;
      try {
        made = environment.make(device, count, dtype);
      } catch (const OutOfMemory&) {
        napi_get_value_string_utf8(env, values[0], op, sizeof op, nullptr);
        throw;
      }
      napi_create_double(env, made, &handle);
    });
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  }
  return handle;
}

/// view(handle, offset, count) → handle of `count` elements from element `offset` on
Napi::Value view(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), "view", [&] {
    Environment& environment = environment_of(info);
    TensorSlot base = environment.find(number(info, 0, "view", "tensor"), "view", "tensor");
    int64_t offset = integer(info, 1, "view", "offset", 0, static_cast<double>(base.count));
    int64_t count = integer(info, 2, "view", "count", 0, static_cast<double>(base.count - offset));
    int64_t bytes = static_cast<int64_t>(size_of(base.dtype));
    return Napi::Number::New(info.Env(),
                             environment.open(base.storage, base.offset + offset * bytes, count, base.dtype));
  });
}

void release(const Napi::CallbackInfo& info) {
  guarded(info.Env(), "dispose", [&] { environment_of(info).close(number(info, 0, "dispose", "tensor")); });
}

/// releaseAll(): those put by in `closing`
void release_all(const Napi::CallbackInfo& info) {
  guarded(info.Env(), "dispose", [&] { environment_of(info).close_all(); });
}

/// write(handle, typedArray): the array's bytes become the tensor's, in stream order; the array is free at once
void write(const Napi::CallbackInfo& info) {
  guarded(info.Env(), "write", [&] {
    Environment& environment = environment_of(info);
    TensorSlot& slot = environment.find(number(info, 0, "write", "tensor"), "write", "tensor");
    if (info.Length() < 2 || !info[1].IsTypedArray())
      throw_call(CallError::Type, "ERR_ARGUMENT", "write: expected a typed array");
    size_t given = info[1].As<Napi::TypedArray>().ByteLength();
    size_t bytes = static_cast<size_t>(slot.count) * size_of(slot.dtype);
    if (given != bytes) throw_call(CallError::Range, "ERR_SHAPE", "write: expected %zu bytes, got %zu", bytes, given);
    void* data = nullptr;  // asked for directly, since a shared buffer is no ArrayBuffer
    napi_get_typedarray_info(info.Env(), info[1], nullptr, nullptr, &data, nullptr, nullptr);
    const auto* source = static_cast<const std::byte*>(data);
    if (!bytes) return;
    if (Plan* plan = environment.recording(*slot.storage->device, "write"))
      plan->append(write_step(slot, source, bytes));
    else
      write_bytes(slot, source, bytes);
  });
}

/// transfer(from, to): copies between tensors of one dtype and size, also across devices
void transfer(const Napi::CallbackInfo& info) {
  guarded(info.Env(), "to", [&] {
    Environment& environment = environment_of(info);
    TensorSlot from = environment.find(number(info, 0, "to", "source"), "to", "source");
    TensorSlot to = environment.find(number(info, 1, "to", "target"), "to", "target");
    if (from.count != to.count || from.dtype != to.dtype)
      throw_call(CallError::Range, "ERR_SHAPE", "to: expected source and target of one size and dtype");
    Plan* plan = environment.recording(*from.storage->device, "to");
    environment.recording(*to.storage->device, "to");
    if (plan)
      plan->append(copy_step(from, to));
    else
      copy_across(from, to);
  });
}

// ---- the house -------------------------------------------------------------------------------------------------

/// memory(device) → [live tensors of the thread, live bytes, pooled bytes, peak live bytes]
Napi::Value memory(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), "memory", [&] {
    Environment& environment = environment_of(info);
    environment.close_all();
    const Pool& pool = environment.device(integer(info, 0, "memory", "device", 0, kLastDevice)).pool;
    Napi::Array result = Napi::Array::New(info.Env(), 4);
    double values[] = {static_cast<double>(environment.live_tensors()), static_cast<double>(pool.live_bytes()),
                       static_cast<double>(pool.idle_bytes()), static_cast<double>(pool.peak_bytes())};
    for (uint32_t i = 0; i < 4; ++i) result.Set(i, Napi::Number::New(info.Env(), values[i]));
    return static_cast<Napi::Value>(result);
  });
}

void reset_peak(const Napi::CallbackInfo& info) {
  guarded(info.Env(), "memory", [&] {
    environment_of(info).close_all();
    environment_of(info).device(integer(info, 0, "memory", "device", 0, kLastDevice)).pool.reset_peak();
  });
}

/// adjustExternalMemory(bytes): tells V8 of memory that hangs on garbage-collected tensors
void adjust_external_memory(const Napi::CallbackInfo& info) {
  guarded(info.Env(), "memory", [&] {
    int64_t total;
    napi_adjust_external_memory(info.Env(), integer(info, 0, "memory", "bytes", -0x1p53, 0x1p53), &total);
  });
}

void stop(const Napi::CallbackInfo& info) { environment_of(info).stop(); }

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  const char* isa;
  int threads;
  try {
    isa = cpu::isa().name;
    threads = cpu::thread_count();
  } catch (const std::invalid_argument& error) {
    throw make_error(env, CallError::Plain, "ERR_ARGUMENT", error.what());
  }
  auto* environment = new Environment;
  napi_set_instance_data(
      env, environment, [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); }, nullptr);

  napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "convcore"), 0, 1, nullptr, nullptr,
                                  environment, settle, &environment->settle);
  napi_unref_threadsafe_function(env, environment->settle);
  // After the line above, so that it runs before: hooks run in reverse order.
  napi_add_env_cleanup_hook(
      env, [](void* data) { static_cast<Environment*>(data)->stop(); }, environment);

  napi_create_reference(env, env.Global().Get("ArrayBuffer"), 1, &environment->array_buffer);
  // Never freed: whatever JavaScript does with the array, the addon may read here.
  auto shared = [&](double*& words, size_t count) {
    words = new double[count]{};
    return Napi::Float64Array::New(
        env, count, Napi::ArrayBuffer::New(env, words, count * sizeof(double), [](Napi::Env, void*) {}), 0);
  };

  auto add = [&](const char* name, auto function) {
    exports.Set(name, Napi::Function::New(env, function, name, environment));
  };
  exports.Set("kernels", make_kernels(env, environment));
  exports.Set("stage", shared(environment->stage, Environment::kStageWords));
  exports.Set("closing", shared(environment->closing, Environment::kClosingWords));
  exports.Set("isa", Napi::String::New(env, isa));
  exports.Set("threads", Napi::Number::New(env, threads));
  exports.Set("maxDevices", Napi::Number::New(env, kMaxDevices));
  napi_value create_function;
  napi_create_function(env, "create", NAPI_AUTO_LENGTH, create, environment, &create_function);
  exports.Set("create", Napi::Value(env, create_function));
  add("view", view);
  add("release", release);
  add("releaseAll", release_all);
  add("write", write);
  add("transfer", transfer);
  add("read", read);
  add("readSync", read_sync);
  add("sync", sync);
  add("memory", memory);
  add("resetPeak", reset_peak);
  add("adjustExternalMemory", adjust_external_memory);
  add("cuda", cuda_availability);
  add("cudaProperties", cuda_properties);
  add("cudaLibraries", cuda_libraries);
  add("tf32", tf32);
  add("convBenchmark", conv_benchmark);
  add("convAlgorithm", conv_algorithm);
  add("cpuConvAlgorithm", cpu_conv_algorithm);
  add("mark", mark);
  add("elapsed", elapsed);
  add("record", record);
  add("vary", vary);
  add("preparedSize", prepared_size);
  add("suspend", suspend);
  add("resume", resume);
  add("finish", finish);
  add("replay", replay);
  add("fresh", fresh);
  add("recorded", recorded);
  add("dropPlan", drop_plan);
  add("stop", stop);
  return exports;
}

}  // namespace
}  // namespace convcore

Napi::Object Init(Napi::Env env, Napi::Object exports) { return convcore::initialise(env, exports); }
NODE_API_MODULE(convcore, Init)
