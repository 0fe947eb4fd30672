#include "region.h"

#include <elf.h>
#include <link.h>

#include <array>
#include <cstdlib>
#include <vector>

#include "block.h"
#include "launch.h"
#include "race.h"

namespace emulation {
namespace {

struct Segment {
  const char *begin, *end;
};

// The module that holds the kernels and this: its variables are the kernels' static shared memory.
struct Module {
  const char* base;
  std::vector<Segment> writable, constant;
};

int add_segments(dl_phdr_info* info, size_t, void* result) {
  Module module{reinterpret_cast<const char*>(info->dlpi_addr), {}, {}};
  Segment relocated{};  // the first part of a writable segment, constant once it is loaded
  bool own = false;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    const char* begin = module.base + header.p_vaddr;
    Segment segment{begin, begin + header.p_memsz};
    if (header.p_type == PT_GNU_RELRO) relocated = segment;
    if (header.p_type != PT_LOAD) continue;
    auto self = reinterpret_cast<const char*>(&builtins);
    own = own || (self >= begin && self < segment.end);
    ((header.p_flags & PF_W) != 0 ? module.writable : module.constant).push_back(segment);
  }
  if (!own) return 0;
  for (Segment& segment : module.writable) {
    if (relocated.begin == segment.begin) segment.begin = relocated.end;
  }
  module.constant.push_back(relocated);
  *static_cast<Module*>(result) = module;
  return 1;
}

const Module& module() {
  static const Module own = [] {
    Module found{};
    dl_iterate_phdr(add_segments, &found);
    return found;
  }();
  return own;
}

Cell* make_cells(size_t bytes) { return static_cast<Cell*>(std::calloc(bytes / 4 + 2, sizeof(Cell))); }

std::vector<Region> make_static_regions() {
  std::vector<Region> regions;
  for (const Segment& segment : module().writable) {
    size_t bytes = static_cast<size_t>(segment.end - segment.begin);
    regions.push_back({"shared memory", segment.begin, bytes, make_cells(bytes), true});
  }
  return regions;
}

template <class T>
bool within(const T* object, size_t size, const char* begin, size_t bytes) {
  const char* first = reinterpret_cast<const char*>(object);
  return begin >= first && begin + bytes <= first + size;
}

Place search(const char* begin, size_t bytes, Region& region) {
  if (within(running.call, running.call->bytes, begin, bytes)) return Place::kOwn;
  const SharedMemory& dynamic = shared_memory();
  if (begin >= dynamic.zone && begin < dynamic.zone_end) {
    static Cell* const cells = make_cells(kMaxShared);
    region = {"dynamic shared memory", dynamic.begin, running.shared_bytes, cells, true};
    return Place::kRegion;
  }
  if (Allocation* allocation = nearest_allocation(begin)) {
    if (allocation->freed) return Place::kFreed;
    if (allocation->device != running.device) return Place::kOtherDevice;
    if (allocation->cells == nullptr) allocation->cells = make_cells(allocation->bytes);
    region = {"global memory", allocation->begin, allocation->bytes, allocation->cells, false};
    return Place::kRegion;
  }
  static const std::vector<Region> static_regions = make_static_regions();
  for (const Region& candidate : static_regions) {
    if (!within(candidate.begin, candidate.bytes, begin, bytes)) continue;
    region = candidate;
    return Place::kRegion;
  }
  for (const Segment& segment : module().constant) {
    if (begin >= segment.begin && begin + bytes <= segment.end) return Place::kConstant;
  }
  return Place::kHost;
}

// What the launch has used of late: regions neither come nor go while it runs.
struct Recent {
  uint32_t launch = 0;
  size_t next = 0;
  std::array<Region, 4> regions;
} recent;

}  // namespace

Place find_region(const char* begin, size_t bytes, Region& region) {
  if (within(&builtins, sizeof builtins, begin, bytes) || within(running.stack, running.stack_bytes, begin, bytes)) {
    return Place::kOwn;
  }
  if (recent.launch != running.launch_begin) recent = Recent{running.launch_begin, 0, {}};
  for (const Region& candidate : recent.regions) {
    if (!within(candidate.begin, candidate.bytes, begin, bytes)) continue;
    region = candidate;
    return Place::kRegion;
  }
  Place place = search(begin, bytes, region);
  if (place == Place::kRegion) recent.regions[recent.next++ % recent.regions.size()] = region;
  return place;
}

void free_cells(Allocation& allocation) {
  std::free(allocation.cells);
  allocation.cells = nullptr;
}

const char* module_base() {
  static const char* const base = module().base;
  return base;
}

}  // namespace emulation
