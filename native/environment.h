// All that one JavaScript environment (the main thread, or a worker_threads worker) owns: devices and tensor handles.
#pragma once
#include <node_api.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "plan.h"

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
  double open(Storage* storage, int64_t offset, int64_t count, DType dtype);
  TensorSlot& find(double handle, const char* op, const char* operand);
  void close(double handle);
  /// Closes the handles that JavaScript has put by in `closing`.
  void close_all();

  static constexpr double kMaxCount = 0x1p49;  // elements of a tensor, so that bytes stay below 2^53
  /// A tensor of at most so many elements, whose memory has a place when the recording ends if there is one.
  double make(Device& device, int64_t count, DType dtype);
  int64_t live_tensors() const { return live_; }

  // ---- recordings (plan.h), one at a time

  void record(Device& device);
  Plan* recording() const { return recording_; }
  /// The recording that tasks of this device are put by in, null when they are to be enqueued. Throws CallError when
  /// another device's are put by.
  Plan* recording(const Device& device, const char* op) const;
  /// Throws CallError while a recording goes on.
  void refuse_recording(const char* op) const;
  /// Between the two, tasks run at once, on what the recording did not make.
  void suspend();
  void resume();
  /// Ends the recording. Returns the plan's number.
  int64_t finish();
  Plan& plan(int64_t id);
  void drop_plan(int64_t id);

  void stop();

  /// Geometry words, written by JavaScript just before a call (lib/native.ts, pack()).
  static constexpr int kStageWords = 64;
  double* stage = nullptr;
  /// How many handles are to be closed, and these (lib/native.ts, release()).
  static constexpr int kClosingWords = 128;
  double* closing = nullptr;

  napi_ref array_buffer = nullptr;            // JavaScript's constructor
  napi_threadsafe_function settle = nullptr;  // carries finished reads back to the JavaScript thread
  int pending = 0;                            // reads not settled yet; they keep the process alive

 private:
  /// Makes sure that the next `open` does not throw.
  void reserve_slot();
  Storage* allocate(Device& device, size_t bytes);
  TensorSlot& slot_of(double handle, const char* op, const char* operand);
  template <class F>
  auto trying(F&& take) -> decltype(take());

  uint32_t id_;
  std::unique_ptr<Device> devices_[kLastDevice + 1];
  std::unordered_map<int64_t, Plan*> plans_;
  Plan *recording_ = nullptr, *suspended_ = nullptr;
  int64_t last_plan_ = 0;
  std::vector<TensorSlot> slots_;
  std::vector<uint32_t> free_slots_;
  int64_t live_ = 0;
  bool stopped_ = false;
};

}  // namespace convcore
