// Reference-counted device memory behind the tensors of one environment.
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "buffer.h"
#include "device.h"

namespace convcore {

class Plan;

/// Why a tensor has no valid contents: the op that failed, and how.
struct Failure {
  std::string op, message;
};

/// One block of memory. Views share it. It outlives its tensors while queued tasks still name it; the block itself
/// goes back to the pool with the last tensor, since whatever takes it next is queued behind those tasks.
struct alignas(Stream::kLine) Storage {
  // The JavaScript thread's.
  Device* device;
  Block block;
  Plan* plan = nullptr;       // whose memory it is part of, if it was made in a recording
  int tensors = 0;            // handles and plans that use it
  int plans = 0;              // the latter alone
  uint64_t last_use = 0;      // ticket of the last call that names it
  std::atomic<int> holds{1};  // references besides calls in the queue, plus one for all handles together
  // The tasks': the stream orders its readers and writers.
  alignas(Stream::kLine) size_t bytes;
  std::shared_ptr<const Failure> failure;
  IndexRange range;  // of an int32 storage

  static Storage* create(Device& device, size_t bytes);

  /// The last handle is gone.
  void release();

  /// Whether nothing names it once the queue's calls have passed.
  bool only_held_here() const { return holds.load(std::memory_order_acquire) == 1; }
  /// As newly made. What tasks have not changed stays untouched: they then find the line where they left it.
  void renew() {
    plan = nullptr;
    last_use = 0;
    set_failure(nullptr);
    forget_range();
  }

  void drop() {
    if (holds.fetch_sub(1) != 1) return;
#ifdef CONVCORE_POOL_NONE
    if (block.capacity) device->pool.free(block);
#endif
    delete this;
  }

  // Threads that look at the same line share it until one writes.
  void set_failure(const std::shared_ptr<const Failure>& now) {
    if (failure || now) failure = now;
  }
  void forget_range() {
    if (range.known) range.known = false;
  }
};

/// A reference to a storage from what may outlive the queue, or another device's queue.
class StorageRef {
 public:
  explicit StorageRef(Storage* storage = nullptr) : storage_(storage) {
    if (storage_) storage_->holds.fetch_add(1, std::memory_order_relaxed);
  }
  StorageRef(StorageRef&& other) noexcept : storage_(std::exchange(other.storage_, nullptr)) {}
  StorageRef& operator=(StorageRef&& other) noexcept {
    std::swap(storage_, other.storage_);
    return *this;
  }
  ~StorageRef() {
    if (storage_) storage_->drop();
  }
  Storage* operator->() const { return storage_; }
  Storage* get() const { return storage_; }
  explicit operator bool() const { return storage_ != nullptr; }

 private:
  Storage* storage_;
};

/// What a handle stands for: a dense stretch of a storage.
struct TensorSlot {
  Storage* storage = nullptr;
  int64_t offset = 0;  // bytes
  int64_t count = 0;   // elements
  DType dtype = DType::Float32;
  uint32_t generation = 1;

  std::byte* data() const { return storage->block.data + offset; }
};

}  // namespace convcore
