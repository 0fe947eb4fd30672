#include "block.h"

#include <array>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "fiber.h"
#include "launch.h"
#include "report.h"

namespace emulation {

Builtins builtins;
Running running;

namespace {

__attribute__((tls_model("initial-exec"))) thread_local bool inside_thread = false;

enum class State { kReady, kAtBarrier, kInWarpOp, kReturned };

struct Thread {
  uint3 index;
  State state;
  Where where;  // of the barrier or warp operation it waits in
  int count;    // what the barrier returns
  StackPointer stack_pointer;
  int stack;  // its number, -1 before the first step
  struct {
    WarpOp op;
    unsigned mask;
    uint64_t value, result;
    int source;
  } warp;
};

struct Warp {
  unsigned live, waiting;  // lanes
  uint32_t epoch;
};

// All of the block that runs; reused by the next.
std::array<Thread, kMaxThreads> threads;
std::array<Warp, kMaxThreads / kWarp> warps;
int thread_count, live_count, barrier_count, predicate_count;
StackPointer scheduler;
std::vector<Stack> stacks;
std::vector<int> free_stacks;

void yield(Thread& thread) { emulation_switch(&thread.stack_pointer, scheduler); }

std::string waiting_at(const Thread& thread) {
  std::string name = text("thread (%u,%u,%u) ", thread.index.x, thread.index.y, thread.index.z);
  switch (thread.state) {
    case State::kAtBarrier: return name + "waits at the barrier " + place(thread.where);
    case State::kInWarpOp: return name + text("waits for lanes %#x at ", thread.warp.mask) + place(thread.where);
    case State::kReturned: return name + "has returned";
    case State::kReady: break;
  }
  return name + "runs";
}

Thread& lane_of(int warp, int lane) { return threads[warp * kWarp + lane]; }

// Lets the lanes of `mask` go on, if all that have not returned are there.
bool finish_warp_op(int number, unsigned mask) {
  Warp& warp = warps[number];
  unsigned group = mask & warp.live;
  if (group == 0 || (group & ~warp.waiting) != 0) return false;
  unsigned votes = 0;
  const Thread& first = lane_of(number, __builtin_ctz(group));
  for (int i = 0; i < kWarp; ++i) {
    if ((group >> i & 1) == 0) continue;
    const Thread& thread = lane_of(number, i);
    if (thread.warp.mask != mask || thread.warp.op != first.warp.op) {
      report("bad mask", "lanes of one warp meet with different masks or operations: " + waiting_at(first) + ", " +
                             waiting_at(thread));
    }
    if (thread.warp.value != 0) votes |= 1u << i;
  }
  for (int i = 0; i < kWarp; ++i) {
    if ((group >> i & 1) == 0) continue;
    Thread& thread = lane_of(number, i);
    thread.warp.result = votes;
    if (thread.warp.op == WarpOp::kShuffle) {
      if ((group >> thread.warp.source & 1) == 0) {
        report("bad mask",
               text("a shuffle reads lane %d, which is not in the mask or has returned: ", thread.warp.source) +
                   waiting_at(thread));
      }
      thread.warp.result = lane_of(number, thread.warp.source).warp.value;
    }
    thread.state = State::kReady;
  }
  if (first.warp.op == WarpOp::kSync) warp.epoch = next_time();
  warp.waiting &= ~group;
  return true;
}

void finish_barrier() {
  const Thread& first = threads[0];
  for (int i = 0; i < thread_count; ++i) {
    if (threads[i].where.line != first.where.line || threads[i].where.file != first.where.file) {
      report("divergent barrier", waiting_at(first) + ", " + waiting_at(threads[i]));
    }
  }
  for (int i = 0; i < thread_count; ++i) {
    threads[i].state = State::kReady;
    threads[i].count = predicate_count;
  }
  barrier_count = predicate_count = 0;
  running.interval = next_time();
  for (int i = 0; i * kWarp < thread_count; ++i) warps[i].epoch = next_time();
}

void thread_main() {
  running.call->run();
  Thread& thread = threads[running.thread];
  thread.state = State::kReturned;
  --live_count;
  int warp = running.thread / kWarp;
  warps[warp].live &= ~(1u << running.thread % kWarp);
  if (unsigned waiting = warps[warp].waiting) finish_warp_op(warp, lane_of(warp, __builtin_ctz(waiting)).warp.mask);
  yield(thread);
}

void step(Thread& thread, int number) {
  if (thread.stack < 0) {
    if (free_stacks.empty()) {
      free_stacks.push_back(static_cast<int>(stacks.size()));
      stacks.emplace_back();
    }
    thread.stack = free_stacks.back();
    free_stacks.pop_back();
    thread.stack_pointer = stacks[thread.stack].prepare(thread_main);
  }
  builtins.thread = thread.index;
  running.thread = number;
  running.stack = stacks[thread.stack].base();
  running.stack_bytes = Stack::kBytes;
  running.epoch = warps[number / kWarp].epoch;
  inside_thread = true;
  emulation_switch(&scheduler, thread.stack_pointer);
  inside_thread = false;
  if (thread.state == State::kReturned) free_stacks.push_back(thread.stack);
}

// Whom a report is about that no thread makes.
void point_at(const uint3& thread) {
  inside_thread = true;
  builtins.thread = thread;
}

[[noreturn]] void report_deadlock() {
  const Thread *at_barrier = nullptr, *in_warp_op = nullptr, *returned = nullptr;
  for (int i = 0; i < thread_count; ++i) {
    if (threads[i].state == State::kAtBarrier) at_barrier = &threads[i];
    if (threads[i].state == State::kInWarpOp) in_warp_op = &threads[i];
    if (threads[i].state == State::kReturned) returned = &threads[i];
  }
  const Thread& stuck = in_warp_op != nullptr ? *in_warp_op : *at_barrier;
  point_at(stuck.index);
  if (in_warp_op == nullptr) report("return before a barrier", waiting_at(*at_barrier) + ", " + waiting_at(*returned));
  // Whom it waits for: a lane of its own warp.
  int warp = static_cast<int>(in_warp_op - threads.data()) / kWarp;
  unsigned missing = in_warp_op->warp.mask & warps[warp].live & ~warps[warp].waiting;
  std::string other = missing == 0 ? "" : ", " + waiting_at(lane_of(warp, __builtin_ctz(missing)));
  report("bad mask", waiting_at(*in_warp_op) + other);
}

void reset(const uint3& index) {
  const dim3& size = builtins.block_size;
  builtins.block = index;
  running.block_begin = running.interval = next_time();
  thread_count = live_count = static_cast<int>(size.x * size.y * size.z);
  barrier_count = predicate_count = 0;
  for (int i = 0; i < thread_count; ++i) {
    unsigned n = static_cast<unsigned>(i);
    threads[i] = Thread{};
    threads[i].index = {n % size.x, n / size.x % size.y, n / size.x / size.y};
    threads[i].stack = -1;
  }
  for (int i = 0; i * kWarp < thread_count; ++i) {
    int lanes = thread_count - i * kWarp;
    warps[i] = {lanes >= kWarp ? ~0u : (1u << lanes) - 1, 0, next_time()};
  }
}

}  // namespace

uint32_t next_time() {
  static uint32_t time = 0;
  return ++time;
}

bool on_device() { return inside_thread; }

void run_block(const uint3& index) {
  reset(index);
  while (live_count > 0) {
    // From a random thread up or down, so that no order is the usual one.
    uint32_t random = static_cast<uint32_t>(generator()());
    int begin = static_cast<int>((random >> 1) % static_cast<uint32_t>(thread_count));
    bool moved = false;
    for (int i = 0; i < thread_count; ++i) {
      int number = random & 1 ? begin + i : begin - i + thread_count;
      number = number >= thread_count ? number - thread_count : number;
      if (threads[number].state != State::kReady) continue;
      step(threads[number], number);
      moved = true;
    }
    if (!moved) report_deadlock();
  }
  if (const Unwritten* read = unwritten_read()) {
    point_at(read->thread);
    report("unwritten shared memory", read->text());
  }
}

int block_barrier(bool predicate, Where where) {
  Thread& thread = threads[running.thread];
  thread.state = State::kAtBarrier;
  thread.where = where;
  ++barrier_count;
  predicate_count += predicate;
  if (barrier_count == thread_count) {
    finish_barrier();
    running.epoch = warps[running.thread / kWarp].epoch;
  } else {
    yield(thread);
  }
  return thread.count;
}

uint64_t warp_exchange(WarpOp op, unsigned mask, uint64_t value, int source, Where where) {
  Thread& thread = threads[running.thread];
  thread.where = where;
  thread.warp = {op, mask, value, 0, source};
  int lane_number = lane(), warp = running.thread / kWarp;
  if ((mask >> lane_number & 1) == 0)
    report("bad mask", text("lane %d is not in its own mask %#x at ", lane_number, mask) + place(where));
  thread.state = State::kInWarpOp;
  warps[warp].waiting |= 1u << lane_number;
  if (!finish_warp_op(warp, mask)) yield(thread);
  running.epoch = warps[warp].epoch;
  return thread.warp.result;
}

int lane() { return running.thread % kWarp; }
unsigned live_lanes() { return warps[running.thread / kWarp].live; }

}  // namespace emulation
