// All that one JavaScript environment (the main thread, or a worker_threads worker) owns: devices and tensor handles.
#pragma once
#include <node_api.h>

#include <memory>
#include <vector>

#include "storage.h"

namespace convcore {

/// Errors that become JavaScript exceptions at the call. `code` is the JavaScript error's .code.
struct CallError {
  enum Kind { Type, Range, Plain } kind;
  const char* code;
  std::string message;
};
[[noreturn, gnu::format(printf, 3, 4)]] void throw_call(CallError::Kind kind, const char* code, const char* format,
                                                        ...);

constexpr int kLastDevice = 2 * kMaxDevices - 1;

class Environment {
 public:
  Environment();
  ~Environment();

  /// By its number (device.h). Opens it at the first call.
  Device& device(int64_t id);

  /// Handles are integers below 2^53: environment, generation of the slot, slot. 0 is none.
  /// `reserve_slot` makes sure that the next `open` does not throw.
  void reserve_slot();
  double open(Storage* storage, int64_t offset, int64_t count, DType dtype);
  TensorSlot& find(double handle, const char* op, const char* operand);
  void close(double handle);

  /// Takes memory; when there is none, waits for the streams, gives idle blocks back to the system and tries again.
  Storage* allocate(Device& device, size_t bytes);
  int64_t live_tensors() const { return live_; }

  void stop();

  /// Geometry words, written by JavaScript just before a call (lib/native.ts, pack()).
  static constexpr int kStageWords = 64;
  double* stage = nullptr;

  napi_ref array_buffer = nullptr;            // JavaScript's constructor
  napi_threadsafe_function settle = nullptr;  // carries finished reads back to the JavaScript thread
  int pending = 0;                            // reads not settled yet; they keep the process alive

 private:
  uint32_t id_;
  std::unique_ptr<Device> devices_[kLastDevice + 1];
  std::vector<TensorSlot> slots_;
  std::vector<uint32_t> free_slots_;
  int64_t live_ = 0;
  bool stopped_ = false;
};

}  // namespace convcore
