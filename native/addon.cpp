// The addon: every op of ops.def as a function of `kernels`, and the few calls that make, move and read tensors.
#define NODE_ADDON_API_CPP_EXCEPTIONS
#include <napi.h>

#include <cstring>
#include <string>

#include "binding.h"
#include "cpu/isa.h"
#include "cpu/threads.h"
#include "transfer.h"

namespace convcore {
namespace {

// ---- errors ----------------------------------------------------------------------------------------------------

Napi::Error with_code(Napi::Error error, const char* code) {
  error.Set("code", Napi::String::New(error.Env(), code));
  return error;
}

Napi::Error to_error(Napi::Env env, const CallError& error) {
  switch (error.kind) {
    case CallError::Type: return with_code(Napi::TypeError::New(env, error.message), error.code);
    case CallError::Range: return with_code(Napi::RangeError::New(env, error.message), error.code);
    default: return with_code(Napi::Error::New(env, error.message), error.code);
  }
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
    throw with_code(Napi::RangeError::New(env, message), "ERR_OUT_OF_MEMORY");
  } catch (const std::bad_alloc&) {
    throw with_code(Napi::RangeError::New(env, std::string(op) + ": out of memory"), "ERR_OUT_OF_MEMORY");
  } catch (const Stream::Stopped&) {
    throw with_code(Napi::Error::New(env, std::string(op) + ": the process or worker is shutting down"), "ERR_STOPPED");
  }
}

Napi::Error to_error(Napi::Env env, const Failure& failure) {
  return with_code(Napi::Error::New(env, failure.op + ": " + failure.message), "ERR_EXECUTION");
}

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
  try {
    guarded(env, Op::kName, [&] {
      CallContext context{env, static_cast<Environment*>(environment), Op::kName, names.pointers.data()};
      if (arity != Call::kArity)
        throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected %zu arguments, got %zu", Op::kName, Call::kArity,
                   arity);
      Call call;
      call.op = Op::kName;
      call.kernel = Op::kernel(*cpu::isa().kernels);
      call.read(context, values);
      call.check(context, call.with(Op::counts));
      if (context.device) context.device->stream.enqueue(std::move(call));
    });
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  }
  return nullptr;
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

// ---- tensors ---------------------------------------------------------------------------------------------------

Environment& environment_of(const Napi::CallbackInfo& info) { return *static_cast<Environment*>(info.Data()); }

double number(const Napi::CallbackInfo& info, size_t i, const char* op, const char* name) {
  if (i >= info.Length() || !info[i].IsNumber())
    throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected %s to be a number", op, name);
  return info[i].As<Napi::Number>().DoubleValue();
}

int64_t integer(const Napi::CallbackInfo& info, size_t i, const char* op, const char* name, double low, double high) {
  double value = number(info, i, op, name);
  if (!(value >= low && value <= high) || value != std::floor(value))
    throw_call(CallError::Range, "ERR_ARGUMENT", "%s: expected %s to be a whole number from %.0f to %.0f, got %g", op,
               name, low, high, value);
  return static_cast<int64_t>(value);
}

constexpr double kMaxCount = 0x1p49;  // elements, so that bytes stay below 2^53

/// create(op, count, dtype, device) → handle of uninitialised memory. A raw function: every op makes its result here.
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
      int64_t count = integer(1, kMaxCount);
      DType dtype = static_cast<DType>(integer(2, 3));
      Device& device = environment.device(integer(3, kMaxDevices - 1));
      size_t bytes = static_cast<size_t>(count) * size_of(dtype);
      Storage* storage;
      try {
        storage = environment.allocate(device, bytes);
      } catch (const OutOfMemory&) {
        napi_get_value_string_utf8(env, values[0], op, sizeof op, nullptr);
        throw;
      }
      napi_create_double(env, environment.open(storage, 0, count, dtype), &handle);
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

/// write(handle, typedArray): the array's bytes become the tensor's, in stream order; the array is free at once
void write(const Napi::CallbackInfo& info) {
  guarded(info.Env(), "write", [&] {
    TensorSlot& slot = environment_of(info).find(number(info, 0, "write", "tensor"), "write", "tensor");
    if (info.Length() < 2 || !info[1].IsTypedArray())
      throw_call(CallError::Type, "ERR_ARGUMENT", "write: expected a typed array");
    Napi::TypedArray array = info[1].As<Napi::TypedArray>();
    size_t bytes = static_cast<size_t>(slot.count) * size_of(slot.dtype);
    if (array.ByteLength() != bytes)
      throw_call(CallError::Range, "ERR_SHAPE", "write: expected %zu bytes, got %zu", bytes, array.ByteLength());
    if (bytes) write_bytes(slot, static_cast<std::byte*>(array.ArrayBuffer().Data()) + array.ByteOffset(), bytes);
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
    copy_across(from, to);
  });
}

// ---- reading ---------------------------------------------------------------------------------------------------

/// readSync(handle) → ArrayBuffer; waits
Napi::Value read_sync(const Napi::CallbackInfo& info) {
  std::shared_ptr<const Failure> failure;
  Napi::Value result = guarded(info.Env(), "dataSync", [&] {
    TensorSlot slot = environment_of(info).find(number(info, 0, "dataSync", "tensor"), "dataSync", "tensor");
    size_t bytes = static_cast<size_t>(slot.count) * size_of(slot.dtype);
    Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(info.Env(), bytes);
    Stream& stream = slot.storage->device->stream;
    stream.wait(stream.enqueue(Read{StorageRef(slot.storage), slot.data(), buffer.Data(), bytes, &failure}));
    return static_cast<Napi::Value>(buffer);
  });
  if (failure) throw to_error(info.Env(), *failure);
  return result;
}

/// A read on its way: settled on the JavaScript thread once the stream has passed it.
struct PendingRead {
  Environment* environment;
  napi_deferred deferred;
  napi_ref buffer;  // null for sync(), which resolves to undefined
  std::shared_ptr<const Failure> failure;
};

void settle(napi_env env, napi_value, void* context, void* data) {
  std::unique_ptr<PendingRead> read(static_cast<PendingRead*>(data));
  if (!env) return;
  Environment& environment = *static_cast<Environment*>(context);
  if (--environment.pending == 0) napi_unref_threadsafe_function(env, environment.settle);
  napi_value result;
  napi_get_undefined(env, &result);
  if (read->buffer) {
    napi_get_reference_value(env, read->buffer, &result);
    napi_delete_reference(env, read->buffer);
  }
  if (read->failure)
    napi_reject_deferred(env, read->deferred, to_error(Napi::Env(env), *read->failure).Value());
  else
    napi_resolve_deferred(env, read->deferred, result);
}

/// The last task of an asynchronous read.
struct Settle {
  std::unique_ptr<PendingRead> read;
  void operator()() noexcept {
    napi_threadsafe_function function = read->environment->settle;
    napi_call_threadsafe_function(function, read.release(), napi_tsfn_nonblocking);
  }
};

napi_value settle_later(Napi::Env env, Environment& environment, Stream& stream, std::unique_ptr<PendingRead> read) {
  napi_value promise;
  napi_create_promise(env, &read->deferred, &promise);
  stream.enqueue(Settle{std::move(read)});
  if (environment.pending++ == 0) napi_ref_threadsafe_function(env, environment.settle);
  return promise;
}

/// read(handle) → Promise<ArrayBuffer>
Napi::Value read(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), "data", [&] {
    Environment& environment = environment_of(info);
    TensorSlot slot = environment.find(number(info, 0, "data", "tensor"), "data", "tensor");
    size_t bytes = static_cast<size_t>(slot.count) * size_of(slot.dtype);
    Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(info.Env(), bytes);
    Stream& stream = slot.storage->device->stream;
    auto pending = std::unique_ptr<PendingRead>(new PendingRead{&environment, nullptr, nullptr, nullptr});
    napi_create_reference(info.Env(), buffer, 1, &pending->buffer);
    stream.enqueue(Read{StorageRef(slot.storage), slot.data(), buffer.Data(), bytes, &pending->failure});
    return Napi::Value(info.Env(), settle_later(info.Env(), environment, stream, std::move(pending)));
  });
}

/// sync(device) → Promise<void>: all that was enqueued there is done
Napi::Value sync(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), "sync", [&] {
    Environment& environment = environment_of(info);
    Device& device = environment.device(integer(info, 0, "sync", "device", 0, kMaxDevices - 1));
    auto pending = std::unique_ptr<PendingRead>(new PendingRead{&environment, nullptr, nullptr, nullptr});
    return Napi::Value(info.Env(), settle_later(info.Env(), environment, device.stream, std::move(pending)));
  });
}

// ---- the house -------------------------------------------------------------------------------------------------

/// memory(device) → [live tensors of the thread, live bytes, pooled bytes, peak live bytes]
Napi::Value memory(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), "memory", [&] {
    Environment& environment = environment_of(info);
    const Pool& pool = environment.device(integer(info, 0, "memory", "device", 0, kMaxDevices - 1)).pool;
    Napi::Array result = Napi::Array::New(info.Env(), 4);
    double values[] = {static_cast<double>(environment.live_tensors()), static_cast<double>(pool.live_bytes()),
                       static_cast<double>(pool.idle_bytes()), static_cast<double>(pool.peak_bytes())};
    for (uint32_t i = 0; i < 4; ++i) result.Set(i, Napi::Number::New(info.Env(), values[i]));
    return static_cast<Napi::Value>(result);
  });
}

void reset_peak(const Napi::CallbackInfo& info) {
  guarded(info.Env(), "memory", [&] {
    environment_of(info).device(integer(info, 0, "memory", "device", 0, kMaxDevices - 1)).pool.reset_peak();
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
    throw with_code(Napi::Error::New(env, error.what()), "ERR_ARGUMENT");
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

  Napi::Float64Array stage = Napi::Float64Array::New(env, Environment::kStageWords);
  environment->stage = stage.Data();
  Napi::Persistent(stage).SuppressDestruct();

  auto add = [&](const char* name, auto function) {
    exports.Set(name, Napi::Function::New(env, function, name, environment));
  };
  exports.Set("kernels", make_kernels(env, environment));
  exports.Set("stage", stage);
  exports.Set("isa", Napi::String::New(env, isa));
  exports.Set("threads", Napi::Number::New(env, threads));
  exports.Set("maxDevices", Napi::Number::New(env, kMaxDevices));
  napi_value create_function;
  napi_create_function(env, "create", NAPI_AUTO_LENGTH, create, environment, &create_function);
  exports.Set("create", Napi::Value(env, create_function));
  add("view", view);
  add("release", release);
  add("write", write);
  add("transfer", transfer);
  add("read", read);
  add("readSync", read_sync);
  add("sync", sync);
  add("memory", memory);
  add("resetPeak", reset_peak);
  add("adjustExternalMemory", adjust_external_memory);
  add("stop", stop);
  return exports;
}

}  // namespace
}  // namespace convcore

Napi::Object Init(Napi::Env env, Napi::Object exports) { return convcore::initialise(env, exports); }
NODE_API_MODULE(convcore, Init)
