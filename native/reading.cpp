#include "reading.h"

#include "transfer.h"

namespace convcore {
namespace {

/// By JavaScript's constructor, which throws where Node-API would abort the process.
napi_value new_buffer(Napi::Env env, Environment& environment, size_t bytes, void** data) {
  napi_value constructor, size, buffer = nullptr;
  size_t length = 0;
  napi_get_reference_value(env, environment.array_buffer, &constructor);
  napi_create_double(env, static_cast<double>(bytes), &size);
  if (napi_new_instance(env, constructor, 1, &size, &buffer) != napi_ok) throw Napi::Error::New(env);
  if (napi_get_arraybuffer_info(env, buffer, data, &length) != napi_ok || length != bytes) throw std::bad_alloc();
  return buffer;
}

}  // namespace

/// readSync(handle) → ArrayBuffer; waits
Napi::Value read_sync(const Napi::CallbackInfo& info) {
  std::shared_ptr<const Failure> failure;
  Napi::Value result = guarded(info.Env(), "dataSync", [&] {
    Environment& environment = environment_of(info);
    TensorSlot slot = environment.find(number(info, 0, "dataSync", "tensor"), "dataSync", "tensor");
    environment.refuse_recording("dataSync");
    size_t bytes = static_cast<size_t>(slot.count) * size_of(slot.dtype);
    void* data;
    napi_value buffer = new_buffer(info.Env(), environment, bytes, &data);
    Stream& stream = slot.storage->device->stream;
    Read read{StorageRef(slot.storage), slot.data(), data, bytes, &failure};
    if (!stream.run_if_idle(read)) stream.wait(stream.enqueue(std::move(read)));
    return Napi::Value(info.Env(), buffer);
  });
  if (failure) throw to_error(info.Env(), *failure);
  return result;
}

namespace {

/// A read on its way: settled on the JavaScript thread once the stream has passed it.
struct PendingRead {
  Environment* environment;
  napi_deferred deferred;
  napi_ref buffer;  // null for sync(), which resolves to undefined
  std::shared_ptr<const Failure> failure;
};

}  // namespace

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

namespace {

/// Bytes that JavaScript's thread copies itself where nothing has to be waited for.
constexpr size_t kSmall = 1 << 14;

/// The task of an asynchronous read: copies, then settles.
struct ReadAndSettle {
  std::unique_ptr<PendingRead> pending;
  Device* device;
  StorageRef storage;  // none for sync()
  const std::byte* source;
  void* target;
  size_t bytes;

  void operator()() noexcept {
    if (storage) pending->failure = storage->failure;
    if (pending->failure) return send(std::move(pending));
    PendingRead* arriving = pending.release();
    try {
      device->download_later(target, source, bytes, {arrive, arriving});
    } catch (const std::exception& error) {
      arrive(arriving, error.what());
    }
  }

  static void arrive(void* data, const char* error) {
    std::unique_ptr<PendingRead> pending(static_cast<PendingRead*>(data));
    if (error) pending->failure = std::make_shared<Failure>(Failure{"data", error});
    send(std::move(pending));
  }
  static void send(std::unique_ptr<PendingRead> pending) {
    if (napi_call_threadsafe_function(pending->environment->settle, pending.get(), napi_tsfn_nonblocking) == napi_ok)
      pending.release();
  }
};

/// Undefined instead of a promise while the worker is being terminated.
napi_value settle_later(Napi::Env env, Environment& environment, ReadAndSettle task, napi_value buffer) {
  napi_value promise;
  Stream& stream = task.device->stream;
  if (stream.stopped()) throw Stream::Stopped{};
  if (napi_create_promise(env, &task.pending->deferred, &promise) != napi_ok) return nullptr;
  if (buffer && napi_create_reference(env, buffer, 1, &task.pending->buffer) != napi_ok) return nullptr;
  if (!(task.device->on_host() && task.bytes <= kSmall && stream.run_if_idle(task))) {
    stream.enqueue(std::move(task));
    stream.hurry();
  }
  if (environment.pending++ == 0) napi_ref_threadsafe_function(env, environment.settle);
  return promise;
}

std::unique_ptr<PendingRead> pending_read(Environment& environment) {
  return std::unique_ptr<PendingRead>(new PendingRead{&environment, nullptr, nullptr, nullptr});
}

}  // namespace

/// read(handle) → Promise<ArrayBuffer>
Napi::Value read(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), "data", [&] {
    Environment& environment = environment_of(info);
    TensorSlot slot = environment.find(number(info, 0, "data", "tensor"), "data", "tensor");
    environment.refuse_recording("data");
    size_t bytes = static_cast<size_t>(slot.count) * size_of(slot.dtype);
    void* data;
    napi_value buffer = new_buffer(info.Env(), environment, bytes, &data);
    ReadAndSettle task{
        pending_read(environment), slot.storage->device, StorageRef(slot.storage), slot.data(), data, bytes};
    return Napi::Value(info.Env(), settle_later(info.Env(), environment, std::move(task), buffer));
  });
}

/// sync(device) → Promise<void>: all that was enqueued there is done
Napi::Value sync(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), "sync", [&] {
    Environment& environment = environment_of(info);
    Device& device = environment.device(integer(info, 0, "sync", "device", 0, kLastDevice));
    environment.refuse_recording("sync");
    ReadAndSettle task{pending_read(environment), &device, StorageRef(), nullptr, nullptr, 0};
    return Napi::Value(info.Env(), settle_later(info.Env(), environment, std::move(task), nullptr));
  });
}

}  // namespace convcore
