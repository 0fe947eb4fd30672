#include "check.h"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "block.h"
#include "launch.h"
#include "race.h"
#include "report.h"

namespace emulation {
namespace {

struct Segment {
  const char *begin, *end;
  Cell* cells;
};

// The module that holds the kernels and this: its variables are the kernels' static shared memory.
struct Module {
  const char* base;
  std::vector<Segment> writable, constant;
};

int add_segments(dl_phdr_info* info, size_t, void* result) {
  Module module{reinterpret_cast<const char*>(info->dlpi_addr), {}, {}};
  bool own = false;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    const char* begin = module.base + header.p_vaddr;
    Segment segment{begin, begin + header.p_memsz, nullptr};
    if (header.p_type == PT_GNU_RELRO) module.constant.push_back(segment);
    if (header.p_type != PT_LOAD) continue;
    auto self = reinterpret_cast<const char*>(&builtins);
    own = own || (self >= begin && self < segment.end);
    ((header.p_flags & PF_W) != 0 ? module.writable : module.constant).push_back(segment);
  }
  if (!own) return 0;
  *static_cast<Module*>(result) = module;
  return 1;
}

Cell* make_cells(size_t bytes) { return static_cast<Cell*>(std::calloc(bytes / 4 + 2, sizeof(Cell))); }

Module& module() {
  static Module own = [] {
    Module found{};
    dl_iterate_phdr(add_segments, &found);
    for (Segment& segment : found.writable) {
      segment.cells = make_cells(static_cast<size_t>(segment.end - segment.begin));
    }
    return found;
  }();
  return own;
}

Segment* find(std::vector<Segment>& segments, const char* begin, const char* end) {
  for (Segment& segment : segments) {
    if (begin >= segment.begin && end <= segment.end) return &segment;
  }
  return nullptr;
}

const char* verb(Access access) {
  return access == Access::kRead ? "reads" : access == Access::kWrite ? "writes" : "atomically updates";
}

// Where memory lies, as reports and the cells see it.
struct Region {
  const char* name;
  const char* begin;
  size_t bytes;
  Cell* cells;
  bool shared;  // fresh in each block
};

std::string access_text(const void* address, size_t bytes, Access access, const void* pc) {
  return text("%s %zu bytes at %p, ", verb(access), bytes, address) + place(pc);
}

// False if the address is none that kernels share.
bool find_region(const char* begin, size_t bytes, Access access, const void* pc, Region& region) {
  const SharedMemory& dynamic = shared_memory();
  if (begin >= dynamic.zone && begin < dynamic.zone_end) {
    static Cell* cells = make_cells(kMaxShared);
    region = {"dynamic shared memory", dynamic.begin, running.shared_bytes, cells, true};
    return true;
  }
  if (Allocation* allocation = nearest_allocation(begin)) {
    if (allocation->freed) report("use after free", access_text(begin, bytes, access, pc));
    if (allocation->device != running.device) report("wrong device", access_text(begin, bytes, access, pc));
    if (allocation->cells == nullptr) allocation->cells = make_cells(allocation->bytes);
    region = {"global memory", allocation->begin, allocation->bytes, allocation->cells, false};
    return true;
  }
  const char *end = begin + bytes, *own = reinterpret_cast<const char*>(&builtins);
  const char* call = reinterpret_cast<const char*>(running.call);
  if (begin >= call && end <= call + running.call->bytes) return false;
  if (begin >= own && end <= own + sizeof builtins) return false;
  if (find(module().constant, begin, end) != nullptr) {
    if (access != Access::kRead) report("write to a constant", access_text(begin, bytes, access, pc));
    return false;
  }
  if (Segment* found = find(module().writable, begin, end)) {
    region = {"shared memory", found->begin, static_cast<size_t>(found->end - found->begin), found->cells, true};
    return true;
  }
  report("host pointer", access_text(begin, bytes, access, pc));
}

Unwritten first_unwritten{};

const void* address_of(const Trace& trace) { return module().base + trace.code; }

[[noreturn]] void report_race(const Region& region, const Trace& past, const std::string& access, bool past_writes) {
  std::string other =
      past.interval < running.block_begin ? "a thread of another block" : text("thread number %u", past.thread);
  report("data race", text("in %s, no barrier between: ", region.name) + access + "; before, " + other +
                          (past_writes ? " wrote at " : " read at ") + place(address_of(past)));
}

// One cell's share of an access: bytes [first, last) of it.
void check_cell(Cell& cell, size_t first, size_t last, const Region& region, const char* begin, size_t bytes,
                Access access, const void* pc) {
  Trace now{static_cast<uint32_t>(static_cast<const char*>(pc) - module().base),
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
  if (on_own_stack(begin)) return;
  Region region;
  if (!find_region(begin, bytes, access, pc, region)) return;
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

void free_cells(Allocation& allocation) {
  std::free(allocation.cells);
  allocation.cells = nullptr;
}

void check_access(const void* address, size_t bytes, Access access, const void* pc) {
  // The standard library's templates may come from an instrumented file, also where they are called here.
  static thread_local bool checking = false;
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
