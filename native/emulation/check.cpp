#include "check.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "block.h"
#include "race.h"
#include "region.h"
#include "report.h"

namespace emulation {
namespace {

const char* verb(Access access) {
  return access == Access::kRead ? "reads" : access == Access::kWrite ? "writes" : "atomically updates";
}

std::string access_text(const void* address, size_t bytes, Access access, const void* pc) {
  return text("%s %zu bytes at %p, ", verb(access), bytes, address) + place(pc);
}

Unwritten first_unwritten{};

const void* address_of(const Trace& trace) { return module_base() + trace.code; }

[[noreturn]] void report_race(const Region& region, const Trace& past, const std::string& access, bool past_writes) {
  std::string other =
      past.interval < running.block_begin ? "a thread of another block" : text("thread number %u", past.thread);
  report("data race", text("in %s, no barrier between: ", region.name) + access + "; before, " + other +
                          (past_writes ? " wrote at " : " read at ") + place(address_of(past)));
}

// One cell's share of an access: bytes [first, last) of it.
void check_cell(Cell& cell, size_t first, size_t last, const Region& region, const char* begin, size_t bytes,
                Access access, const void* pc) {
  Trace now{static_cast<uint32_t>(static_cast<const char*>(pc) - module_base()),
            running.interval,
            running.epoch,
            static_cast<uint32_t>(running.thread),
            ((1u << last) - 1) & ~((1u << first) - 1),
            access == Access::kAtomic};
  // Left by another block, which had shared memory of its own.
  bool stale = cell.write.interval < running.block_begin && cell.read.interval < running.block_begin;
  if (region.shared && stale) cell = Cell{};
  if (region.shared && access != Access::kWrite && (cell.written & now.bytes) != now.bytes) {
    if (unwritten_read() == nullptr) first_unwritten = {begin, pc, bytes, access, builtins.thread, running.block_begin};
  }
  if (const Trace* past = find_race(cell, now, access)) {
    report_race(region, *past, access_text(begin, bytes, access, pc), past != &cell.read);
  }
  note(cell, now, access);
  if (access != Access::kRead) cell.written |= now.bytes;
}

void check_kernel_access(const char* begin, size_t bytes, Access access, const void* pc) {
  Region region;
  switch (find_region(begin, bytes, region)) {
    case Place::kOwn: return;
    case Place::kConstant:
      if (access == Access::kRead) return;
      report("write to a constant", access_text(begin, bytes, access, pc));
    case Place::kFreed: report("use after free", access_text(begin, bytes, access, pc));
    case Place::kOtherDevice: report("wrong device", access_text(begin, bytes, access, pc));
    case Place::kHost: report("host pointer", access_text(begin, bytes, access, pc));
    case Place::kRegion: break;
  }
  if (begin < region.begin || begin + bytes > region.begin + region.bytes) {
    report("out of bounds",
           access_text(begin, bytes, access, pc) +
               text(" of %s, %zu bytes at %p", region.name, region.bytes, static_cast<const void*>(region.begin)));
  }
  size_t offset = static_cast<size_t>(begin - region.begin), end = offset + bytes;
  for (size_t cell = offset / 4; cell * 4 < end; ++cell) {
    size_t first = std::max(offset, cell * 4) - cell * 4, last = std::min(end, cell * 4 + 4) - cell * 4;
    check_cell(region.cells[cell], first, last, region, begin, bytes, access, pc);
  }
}

}  // namespace

std::string Unwritten::text() const { return access_text(address, bytes, access, pc); }

const Unwritten* unwritten_read() { return first_unwritten.block == running.block_begin ? &first_unwritten : nullptr; }

void check_access(const void* address, size_t bytes, Access access, const void* pc) {
  // The standard library's templates may come from an instrumented file, also where they are called here.
  static __attribute__((tls_model("initial-exec"))) thread_local bool checking = false;
  if (checking) return;
  checking = true;
  if (on_device()) {
    check_kernel_access(static_cast<const char*>(address), bytes, access, pc);
  } else if (is_device_address(address)) {
    report("host access", "the host " + access_text(address, bytes, access, pc));
  }
  checking = false;
}

void note_atomic(const void* address, size_t bytes, const void* pc) {
  if (reinterpret_cast<uintptr_t>(address) % bytes != 0) {
    report("misaligned access", access_text(address, bytes, Access::kAtomic, pc));
  }
  check_access(address, bytes, Access::kAtomic, pc);
}

}  // namespace emulation
