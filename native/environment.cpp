#include "environment.h"

#include <cstdarg>
#include <cstdio>

#include "cpu/device.h"
#include "cuda/cuda.h"

namespace convcore {
namespace {

// Bits of a handle: 10 environment, 20 generation, 22 slot.
constexpr uint64_t kSlotBits = 22, kGenerationBits = 20, kEnvironmentBits = 10;
constexpr uint64_t mask(uint64_t bits) { return (uint64_t{1} << bits) - 1; }

}  // namespace

void throw_call(CallError::Kind kind, const char* code, const char* format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  throw CallError{kind, code, message};
}

Environment::Environment() {
  static std::atomic<uint32_t> count{0};
  id_ = 1 + count++ % mask(kEnvironmentBits);
}

Environment::~Environment() {
  stop();
  for (TensorSlot& slot : slots_)
    if (slot.storage && --slot.storage->tensors == 0) slot.storage->release();
  for (Plan* plan : {recording_, suspended_})
    if (plan) plan->drop();
  for (auto& [id, plan] : plans_) plan->drop();
}

void Environment::stop() {
  stopped_ = true;
  for (auto& device : devices_)
    if (device) device->stop();
}

Device& Environment::device(int64_t id) {
  auto& device = devices_[id];
  if (!device) {
    if (id < kMaxDevices)
      device = std::make_unique<cpu::CpuDevice>(static_cast<int>(id));
    else
      device = cuda::open(static_cast<int>(id));
    if (stopped_) device->stop();
  }
  return *device;
}

double Environment::make(Device& device, int64_t count, DType dtype) {
  reserve_slot();
  return open(allocate(device, static_cast<size_t>(count) * size_of(dtype)), 0, count, dtype);
}

Storage* Environment::allocate(Device& device, size_t bytes) {
  close_all();
  if (device.stream.stopped()) throw Stream::Stopped{};
  if (Plan* plan = recording(device, "create")) return plan->create(bytes);
  return trying([&] { return Storage::create(device, bytes); });
}

/// When there is no memory, waits for the streams, gives idle blocks back to the system and tries again.
template <class F>
auto Environment::trying(F&& take) -> decltype(take()) {
  try {
    return take();
  } catch (const OutOfMemory&) {
    for (auto& each : devices_) {
      if (!each) continue;
      each->stream.wait(each->stream.queued());
      each->pool.trim();
    }
    return take();
  }
}

void Environment::record(Device& device) {
  close_all();
  resume();
  refuse_recording("capture");
  recording_ = new Plan(device);
}

Plan* Environment::recording(const Device& device, const char* op) const {
  if (recording_ && &recording_->device != &device)
    throw_call(CallError::Plain, "ERR_CAPTURE", "%s: expected the captured step to stay on %s, got a tensor on %s", op,
               recording_->device.name().c_str(), device.name().c_str());
  return recording_;
}

void Environment::refuse_recording(const char* op) const {
  if (recording_)
    throw_call(CallError::Plain, "ERR_CAPTURE",
               "%s: expected no such call in a captured step, whose replays run no JavaScript; return tensors and read "
               "them outside",
               op);
}

void Environment::suspend() {
  if (recording_) suspended_ = std::exchange(recording_, nullptr);
}

void Environment::resume() {
  if (suspended_) recording_ = std::exchange(suspended_, nullptr);
}

int64_t Environment::finish() {
  if (!recording_) throw_call(CallError::Plain, "ERR_CAPTURE", "capture: expected a recording that goes on, got none");
  close_all();
  Plan* plan = std::exchange(recording_, nullptr);
  // What the step's runs before the recording have left to the pool would lie beside the plan's memory, unused.
  plan->device.stream.wait(plan->device.stream.queued());
  plan->device.pool.trim();
  try {
    plan->finish([&](size_t bytes) { return trying([&] { return plan->device.pool.take(bytes); }); });
  } catch (...) {
    // What the recording made has no memory and never will have.
    for (TensorSlot& slot : slots_)
      if (slot.storage && plan->made(*slot.storage)) slot.count = 0;
    plan->drop();
    throw;
  }
  plans_.emplace(++last_plan_, plan);
  return last_plan_;
}

Plan& Environment::plan(int64_t id) {
  auto found = plans_.find(id);
  if (found == plans_.end())
    throw_call(CallError::Plain, "ERR_DISPOSED", "capture: expected a plan that is not dropped");
  return *found->second;
}

void Environment::drop_plan(int64_t id) {
  plan(id).drop();
  plans_.erase(id);
}

void Environment::reserve_slot() {
  if (free_slots_.empty()) {
    if (slots_.size() > mask(kSlotBits))
      throw_call(CallError::Range, "ERR_OUT_OF_MEMORY", "expected at most %llu live tensors",
                 static_cast<unsigned long long>(mask(kSlotBits)));
    slots_.emplace_back();
    free_slots_.push_back(static_cast<uint32_t>(slots_.size() - 1));
  }
}

double Environment::open(Storage* storage, int64_t offset, int64_t count, DType dtype) {
  reserve_slot();
  uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  TensorSlot& slot = slots_[index];
  slot.storage = storage;
  slot.offset = offset;
  slot.count = count;
  slot.dtype = dtype;
  ++storage->tensors;
  ++live_;
  uint64_t handle = (uint64_t{id_} << (kGenerationBits + kSlotBits)) | (uint64_t{slot.generation} << kSlotBits) | index;
  return static_cast<double>(handle);
}

TensorSlot& Environment::slot_of(double handle, const char* op, const char* operand) {
  if (!(handle >= 1 && handle <= 0x1p52) || handle != static_cast<double>(static_cast<uint64_t>(handle)))
    throw_call(CallError::Type, "ERR_HANDLE", "%s: expected %s to be a tensor handle, got %g", op, operand, handle);
  uint64_t bits = static_cast<uint64_t>(handle), index = bits & mask(kSlotBits);
  if (bits >> (kGenerationBits + kSlotBits) != id_)
    throw_call(CallError::Plain, "ERR_HANDLE", "%s: expected %s from this thread, got a tensor of another one", op,
               operand);
  uint64_t generation = bits >> kSlotBits & mask(kGenerationBits);
  if (index >= slots_.size() || slots_[index].generation != generation || !slots_[index].storage)
    throw_call(CallError::Plain, "ERR_DISPOSED", "%s: expected %s to be a live tensor, got a disposed one", op,
               operand);
  return slots_[index];
}

TensorSlot& Environment::find(double handle, const char* op, const char* operand) {
  TensorSlot& slot = slot_of(handle, op, operand);
  const Plan* plan = slot.storage->plan;
  if (plan && plan != recording_ && !plan->placed())
    throw_call(CallError::Plain, "ERR_CAPTURE",
               "%s: expected %s to have a value, got a result of a step that is recorded", op, operand);
  return slot;
}

void Environment::close_all() {
  const double count = std::exchange(closing[0], 0);
  for (int i = 1; i < kClosingWords && i <= count; ++i) close(closing[i]);
}

void Environment::close(double handle) {
  TensorSlot& slot = slot_of(handle, "dispose", "tensor");
  Storage* storage = std::exchange(slot.storage, nullptr);
  // A slot whose generations are used up is never handed out again, so no stale handle can ever be taken for a new one.
  if (++slot.generation <= mask(kGenerationBits)) free_slots_.push_back(static_cast<uint32_t>(&slot - slots_.data()));
  --live_;
  if (--storage->tensors == 0) storage->release();
}

}  // namespace convcore
