#include "race.h"

#include "block.h"

namespace emulation {
namespace {

bool in_launch(const Trace& trace) { return trace.interval >= running.launch_begin; }
bool in_block(const Trace& trace) { return trace.interval >= running.block_begin; }
bool same_warp(const Trace& a, const Trace& b) { return a.thread / kWarp == b.thread / kWarp; }

// With no barrier between the two, which touch the same bytes.
bool concurrent(const Trace& past, const Trace& now) {
  if ((past.bytes & now.bytes) == 0 || !in_launch(past) || (past.atomic && now.atomic)) return false;
  if (!in_block(past)) return true;
  if (past.interval != now.interval || past.thread == now.thread) return false;
  return !same_warp(past, now) || past.epoch == now.epoch;
}

}  // namespace

const Trace* find_race(const Cell& cell, const Trace& now, Access access) {
  if (concurrent(cell.write, now)) return &cell.write;
  if (concurrent(cell.other_atomic, now)) return &cell.other_atomic;
  if (access == Access::kRead) return nullptr;
  uint32_t shared_bytes = (cell.blocks_read == running.launch_begin ? cell.blocks_bytes : 0) |
                          (cell.warps_read == now.interval ? cell.warps_bytes : 0) |
                          (cell.lanes_read == now.epoch ? cell.lanes_bytes : 0);
  return concurrent(cell.read, now) || (shared_bytes & now.bytes) != 0 ? &cell.read : nullptr;
}

void note(Cell& cell, const Trace& now, Access access) {
  if (access != Access::kRead) {
    bool same_thread = in_block(cell.write) && cell.write.thread == now.thread;
    if (cell.write.atomic && !same_thread) cell.other_atomic = cell.write;
    cell.write = now;
    return;
  }
  const Trace& last = cell.read;
  const uint32_t bytes = last.bytes & now.bytes;
  if (bytes != 0 && in_launch(last)) {
    if (!in_block(last)) {
      cell.blocks_bytes = bytes | (cell.blocks_read == running.launch_begin ? cell.blocks_bytes : 0);
      cell.blocks_read = running.launch_begin;
    } else if (last.interval == now.interval && !same_warp(last, now)) {
      cell.warps_bytes = bytes | (cell.warps_read == now.interval ? cell.warps_bytes : 0);
      cell.warps_read = now.interval;
    } else if (last.epoch == now.epoch && last.thread != now.thread) {
      cell.lanes_bytes = bytes | (cell.lanes_read == now.epoch ? cell.lanes_bytes : 0);
      cell.lanes_read = now.epoch;
    }
  }
  cell.read = now;
}

}  // namespace emulation
