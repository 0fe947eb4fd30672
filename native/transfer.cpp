#include "transfer.h"

#include <condition_variable>
#include <cstring>
#include <mutex>

namespace convcore {
namespace {

/// Where two streams meet. Either half may be dropped unrun when its stream stops; the other then gives up too.
class Meeting {
 public:
  /// Waits for the other stream to come here; false when it never will.
  bool arrive_and_wait(int side) {
    set(side, Arrived);
    return wait(1 - side, Arrived);
  }
  void leave(int side) { set(side, Left); }
  void wait_until_left(int side) { wait(side, Left); }

 private:
  enum State { Coming, Arrived, Left };

  void set(int side, State state) {
    std::lock_guard lock(mutex_);
    if (state_[side] == Coming && state == Left) missed_ = true;
    state_[side] = state;
    changed_.notify_all();
  }
  bool wait(int side, State state) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return state_[side] >= state || missed_; });
    return !missed_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  State state_[2] = {Coming, Coming};
  bool missed_ = false;
};

constexpr int kSource = 0, kTarget = 1;

/// One stream's part in a meeting. Leaves when destroyed, run or not.
class Half {
 public:
  Half(std::shared_ptr<Meeting> meeting, int side) : meeting_(std::move(meeting)), side_(side) {}
  Half(Half&&) noexcept = default;
  ~Half() {
    if (meeting_) meeting_->leave(side_);
  }
  Meeting* operator->() const { return meeting_.get(); }

 private:
  std::shared_ptr<Meeting> meeting_;
  int side_;
};

void copy_bytes(const StorageRef& from, const StorageRef& to, const std::byte* source, std::byte* target, size_t bytes,
                bool whole) {
  if (from->failure)
    to->failure = from->failure;
  else if (whole)
    to->failure = nullptr;
  if (bytes) std::memmove(target, source, bytes);
}

// Copies of host data that wait in the queue of one device.
constexpr size_t kMaxWaitingBytes = size_t{256} << 20;

}  // namespace

void Read::operator()() noexcept {
  *failure = storage->failure;
  if (!*failure && bytes) std::memcpy(target, source, bytes);
}

void write_bytes(TensorSlot& to, const std::byte* source, size_t bytes) {
  Storage& storage = *to.storage;
  Stream& stream = storage.device->stream;
  if (stream.stopped()) throw Stream::Stopped{};
  bool whole = bytes == storage.bytes;
  // Nothing queued touches this memory, neither for this tensor nor for what had the block before.
  if (storage.tasks.load(std::memory_order_acquire) == 1 && storage.block.free_since <= stream.completed()) {
    std::memcpy(to.data(), source, bytes);
    if (whole) storage.failure = nullptr;
    return;
  }
  std::atomic<size_t>& waiting = storage.device->waiting_bytes;
  if (waiting + bytes > kMaxWaitingBytes) stream.wait(stream.queued());
  waiting += bytes;
  std::unique_ptr<std::byte[]> copy(new std::byte[bytes]);
  std::memcpy(copy.get(), source, bytes);
  stream.enqueue(
      [ref = StorageRef(&storage), data = to.data(), copy = std::move(copy), bytes, whole, &waiting]() noexcept {
        std::memcpy(data, copy.get(), bytes);
        waiting -= bytes;
        if (whole) ref->failure = nullptr;
      });
}

void copy_across(const TensorSlot& from, const TensorSlot& to) {
  size_t bytes = static_cast<size_t>(from.count) * size_of(from.dtype);
  bool whole = bytes == to.storage->bytes;
  Stream &source = from.storage->device->stream, &target = to.storage->device->stream;
  StorageRef source_ref(from.storage), target_ref(to.storage);
  auto copy = [source_ref = std::move(source_ref), target_ref = std::move(target_ref), source_data = from.data(),
               target_data = to.data(), bytes,
               whole]() noexcept { copy_bytes(source_ref, target_ref, source_data, target_data, bytes, whole); };
  if (&source == &target) {
    source.enqueue(std::move(copy));
    return;
  }
  auto meeting = std::make_shared<Meeting>();
  source.enqueue([half = Half(meeting, kSource)]() noexcept {
    if (half->arrive_and_wait(kSource)) half->wait_until_left(kTarget);
  });
  target.enqueue([half = Half(meeting, kTarget), copy = std::move(copy)]() noexcept {
    if (half->arrive_and_wait(kTarget)) copy();
  });
}

}  // namespace convcore
