// Stream, pool, transfers and compute threads without Node, for the thread sanitizer. Exits with 1 on a wrong result.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../../native/cpu/device.h"
#include "../../native/cpu/threads.h"
#include "../../native/scratch.h"
#include "../../native/storage.h"
#include "../../native/transfer.h"

using namespace convcore;

namespace {

#define EXPECT(condition)                                                         \
  if (!(condition)) {                                                             \
    std::fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition); \
    std::exit(1);                                                                 \
  }

TensorSlot make(Device& device, int64_t count) {
  TensorSlot slot;
  slot.storage = Storage::create(device, count * sizeof(float));
  slot.count = count;
  return slot;
}

void fill(TensorSlot& slot, float value) {
  slot.storage->device->stream.enqueue([ref = StorageRef(slot.storage), data = reinterpret_cast<float*>(slot.data()),
                                        count = slot.count, value]() noexcept {
    cpu::parallel_range(count, 100, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) data[i] = value;
    });
  });
}

std::vector<float> read(TensorSlot& slot) {
  std::vector<float> result(slot.count);
  std::shared_ptr<const Failure> failure;
  Stream& stream = slot.storage->device->stream;
  stream.wait(stream.enqueue(
      Read{StorageRef(slot.storage), slot.data(), result.data(), result.size() * sizeof(float), &failure}));
  EXPECT(!failure);
  return result;
}

void tasks_run_in_order_under_backpressure() {
  cpu::CpuDevice device(0);
  std::vector<int> seen;
  constexpr int kTasks = 3 * Stream::kCapacity;
  for (int i = 0; i < kTasks; ++i) device.stream.enqueue([&seen, i]() noexcept { seen.push_back(i); });
  device.stream.wait(device.stream.queued());
  EXPECT(seen.size() == kTasks);
  for (int i = 0; i < kTasks; ++i) EXPECT(seen[i] == i);
}

void waiting_for_each_task_hands_over_correctly() {
  cpu::CpuDevice device(0);
  int counter = 0;
  for (int i = 1; i <= 5000; ++i) {
    device.stream.wait(device.stream.enqueue([&counter]() noexcept { ++counter; }));
    EXPECT(counter == i);
  }
}

void small_tasks_run_at_once_behind_all_others() {
  cpu::CpuDevice device(0);
  Stream& stream = device.stream;
  int seen = 0, at_once = 0;
  constexpr int kTasks = 20000;
  for (int i = 0; i < kTasks; ++i) {
    auto task = [&seen, i]() noexcept {
      Scratch memory(sizeof(int));  // of the stream's arena, whichever thread runs this
      *memory.as<int>() = seen;
      EXPECT(*memory.as<int>() == i);
      ++seen;
    };
    if (i % 5 != 0 && stream.run_if_idle(task))
      ++at_once;
    else
      stream.enqueue(task);
    if (i % 100 == 0) stream.wait(stream.queued());
  }
  stream.wait(stream.queued());
  EXPECT(seen == kTasks);
  EXPECT(at_once >= kTasks / 100);
  stream.stop();
  auto none = []() noexcept { EXPECT(false); };
  EXPECT(!stream.run_if_idle(none));
}

void blocks_are_reused_behind_the_tasks_that_read_them() {
  cpu::CpuDevice device(0);
  for (int i = 0; i < 2000; ++i) {
    TensorSlot a = make(device, 1000), b = make(device, 1000);
    fill(a, static_cast<float>(i));
    copy_across(a, b);
    a.storage->release();
    TensorSlot c = make(device, 1000);  // most likely a's block
    std::vector<float> ones(1000, -1.0f);
    write_bytes(c, reinterpret_cast<const std::byte*>(ones.data()), ones.size() * sizeof(float));
    if (i % 10 == 0) {
      EXPECT(read(b)[999] == static_cast<float>(i));
      EXPECT(read(c)[0] == -1);
    }
    b.storage->release();
    c.storage->release();
  }
}

void streams_meet_for_copies_both_ways() {
  cpu::CpuDevice one(0), two(1);
  for (int i = 0; i < 1000; ++i) {
    TensorSlot a = make(one, 500), b = make(two, 500), c = make(one, 500);
    fill(a, static_cast<float>(i));
    copy_across(a, b);
    a.storage->release();
    TensorSlot d = make(one, 500);
    fill(d, -5);
    copy_across(b, c);
    if (i % 10 == 0) EXPECT(read(c)[499] == static_cast<float>(i));
    for (TensorSlot* slot : {&b, &c, &d}) slot->storage->release();
  }
}

void a_stop_in_the_middle_drops_the_queue() {
  for (int i = 0; i < 100; ++i) {
    cpu::CpuDevice one(0), two(1);
    TensorSlot a = make(one, 100), b = make(two, 100);
    for (int k = 0; k < 50; ++k) {
      fill(a, static_cast<float>(k));
      copy_across(a, b);
      copy_across(b, a);
    }
    one.stream.stop();
    two.stream.stop();
    bool refused = false;
    try {
      fill(a, 0);
    } catch (const Stream::Stopped&) {
      refused = true;
    }
    EXPECT(refused);
    a.storage->release();
    b.storage->release();
  }
}

}  // namespace

int main() {
  tasks_run_in_order_under_backpressure();
  waiting_for_each_task_hands_over_correctly();
  small_tasks_run_at_once_behind_all_others();
  blocks_are_reused_behind_the_tasks_that_read_them();
  streams_meet_for_copies_both_ways();
  a_stop_in_the_middle_drops_the_queue();
  std::puts("6 passed, 0 failed");
}
