#include "transfer.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <exception>
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

/// Of the values of an int32 tensor on the host.
IndexRange range_of(const std::byte* data, size_t bytes) {
  const auto* values = reinterpret_cast<const int32_t*>(data);
  const auto [least, greatest] = std::minmax_element(values, values + bytes / sizeof(int32_t));
  return {true, *least, *greatest};
}

constexpr size_t kChunk = size_t{16} << 20;  // bytes on their way from the CPU to another kind of device

void copy_bytes(Device& from, Device& to, const std::byte* source, std::byte* target, size_t bytes) {
  if (&from == &to) return to.copy(target, source, bytes);
  if (from.on_host() == to.on_host()) return to.copy_from(from, target, source, bytes);
  if (to.on_host()) return from.download(target, source, bytes);
  for (size_t done = 0; done < bytes; done += kChunk) {
    HostBuffer buffer(to, std::min(kChunk, bytes - done));
    std::memcpy(buffer.data(), source + done, buffer.bytes());
    to.upload(target + done, buffer);
  }
}

/// Runs f; an exception becomes the failure of the op.
template <class F>
std::shared_ptr<const Failure> failure_of(const char* op, F&& f) {
  try {
    f();
    return nullptr;
  } catch (const std::bad_alloc&) {
    return std::make_shared<Failure>(Failure{op, "out of memory for a copy on its way"});
  } catch (const std::exception& error) {
    return std::make_shared<Failure>(Failure{op, error.what()});
  }
}

void see(Step::Visitor& visitor, std::byte*& data, const StorageRef& storage) {
  void* any = data;
  visitor.see(any, *storage.get());
  data = static_cast<std::byte*>(any);
}

/// A whole or partial copy between storages, run where both streams are.
struct Copy {
  StorageRef from, to;
  std::byte *source, *target;
  size_t bytes;
  DType dtype;

  void operator()() noexcept {
    bool whole = bytes == to->bytes;
    IndexRange range;
    auto failure = from->failure;
    if (!failure && bytes)
      failure = failure_of("to", [&] {
        copy_bytes(*from->device, *to->device, source, target, bytes);
        if (whole) range = from->range;
        if (whole && dtype == DType::Int32 && from->device->on_host()) range = range_of(source, bytes);
      });
    to->range = range;
    if (failure || whole) to->set_failure(failure);
  }
  void visit(Step::Visitor& visitor) {
    see(visitor, source, from);
    see(visitor, target, to);
  }
};

template <class Task>
class TaskStep final : public Step {
 public:
  explicit TaskStep(Task task) : task_(std::move(task)) {}
  void run() noexcept override { task_(); }
  void visit(Visitor& visitor) override { task_.visit(visitor); }

 private:
  Task task_;
};

/// Host data on its way into a tensor.
struct Write {
  StorageRef storage;
  std::byte* target;
  HostBuffer data;
  IndexRange range;
  bool whole;

  Write(const TensorSlot& to, const std::byte* source, size_t bytes)
      : storage(to.storage), target(to.data()), data(*to.storage->device, bytes), whole(bytes == to.storage->bytes) {
    std::memcpy(data.data(), source, bytes);
    if (whole && to.dtype == DType::Int32 && !to.storage->device->on_host()) range = range_of(source, bytes);
  }

  void operator()() noexcept {
    auto failure = failure_of("write", [&] { storage->device->upload(target, data); });
    storage->range = range;
    if (failure || whole) storage->set_failure(failure);
  }
  void visit(Step::Visitor& visitor) { see(visitor, target, storage); }
};

// Copies of host data that wait in the queue of one device.
constexpr size_t kMaxWaitingBytes = size_t{256} << 20;

}  // namespace

void Read::operator()() noexcept {
  *failure = storage->failure;
  if (!*failure && bytes) *failure = failure_of("data", [&] { storage->device->download(target, source, bytes); });
}

void write_bytes(TensorSlot& to, const std::byte* source, size_t bytes) {
  Storage& storage = *to.storage;
  Device& device = *storage.device;
  Stream& stream = device.stream;
  if (stream.stopped()) throw Stream::Stopped{};
  bool whole = bytes == storage.bytes;
  // Nothing queued touches this memory, neither for this tensor nor for what had the block before.
  if (device.on_host() && storage.only_held_here() && storage.last_use <= stream.completed() &&
      storage.block.free_since <= stream.completed()) {
    std::memcpy(to.data(), source, bytes);
    if (whole) storage.set_failure(nullptr);
    return;
  }
  std::atomic<size_t>& waiting = device.waiting_bytes;
  if (waiting + bytes > kMaxWaitingBytes) stream.wait(stream.queued());
  waiting += bytes;
  stream.enqueue([write = Write(to, source, bytes), &waiting]() mutable noexcept {
    write();
    waiting -= write.data.bytes();
  });
}

std::unique_ptr<Step> write_step(const TensorSlot& to, const std::byte* source, size_t bytes) {
  return std::make_unique<TaskStep<Write>>(Write(to, source, bytes));
}

namespace {

Copy copy_between(const TensorSlot& from, const TensorSlot& to) {
  size_t bytes = static_cast<size_t>(from.count) * size_of(from.dtype);
  return {StorageRef(from.storage), StorageRef(to.storage), from.data(), to.data(), bytes, from.dtype};
}

}  // namespace

std::unique_ptr<Step> copy_step(const TensorSlot& from, const TensorSlot& to) {
  return std::make_unique<TaskStep<Copy>>(copy_between(from, to));
}

void copy_across(const TensorSlot& from, const TensorSlot& to) {
  Stream &source = from.storage->device->stream, &target = to.storage->device->stream;
  Copy copy = copy_between(from, to);
  if (&source == &target) {
    source.enqueue(std::move(copy));
    return;
  }
  auto meeting = std::make_shared<Meeting>();
  source.enqueue([half = Half(meeting, kSource)]() noexcept {
    if (half->arrive_and_wait(kSource)) half->wait_until_left(kTarget);
  });
  target.enqueue([half = Half(meeting, kTarget), copy = std::move(copy)]() mutable noexcept {
    if (half->arrive_and_wait(kTarget)) copy();
  });
}

}  // namespace convcore
