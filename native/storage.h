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
struct Storage {
  Device* device;
  Block block;
  size_t bytes;
  Plan* plan = nullptr;                    // whose memory it is part of, if it was made in a recording
  int tensors = 0;                         // handles and plans that use it; JavaScript thread only
  int plans = 0;                           // the latter alone
  std::atomic<int> tasks{1};               // queued tasks, plus one for all handles together
  std::shared_ptr<const Failure> failure;  // touched by tasks only: the stream orders its readers and writers
  IndexRange range;                        // of an int32 storage; likewise

  static Storage* create(Device& device, size_t bytes) {
    auto storage = std::make_unique<Storage>();
    storage->device = &device;
    storage->block = device.pool.take(bytes);
    storage->bytes = bytes;
    return storage.release();
  }

  /// The last handle is gone.
  void release();

  void drop() {
    if (tasks.fetch_sub(1) != 1) return;
#ifdef CONVCORE_POOL_NONE
    if (block.capacity) device->pool.free(block);
#endif
    delete this;
  }
};

/// A queued task's reference to a storage.
class StorageRef {
 public:
  explicit StorageRef(Storage* storage = nullptr) : storage_(storage) {
    if (storage_) storage_->tasks.fetch_add(1, std::memory_order_relaxed);
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
