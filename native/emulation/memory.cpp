#include "memory.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "block.h"
#include "region.h"
#include "report.h"

namespace emulation {
namespace {

constexpr size_t kReserve = size_t{1} << 40;  // addresses per device, never reused
constexpr size_t kGap = size_t{64} << 10;     // bytes after each allocation
constexpr size_t kAlign = size_t{4} << 10;

struct Arena {
  char *base, *top;
  size_t in_use = 0;
  std::vector<Allocation> allocations;  // by address, the freed ones too
};

bool protecting() {
  static const bool value = std::getenv("EMULATION_PROTECT") != nullptr;
  return value;
}

void on_fault(int, siginfo_t* info, void* context) {
  if (is_device_address(info->si_addr)) {
    const mcontext_t& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    auto code = static_cast<uintptr_t>(machine.gregs[REG_RIP]);
#else
    auto code = static_cast<uintptr_t>(machine.pc);
#endif
    std::string where = text("%p at ", info->si_addr) + place(reinterpret_cast<const void*>(code + 1));
    if (on_device()) report("out of bounds", "no memory at " + where);
    report("host access", "the host touches device memory " + where);
  }
  signal(SIGSEGV, SIG_DFL);  // the fault comes again, and ends the process
}

Arena make_arena() {
  void* base = mmap(nullptr, kReserve, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    std::perror("emulation: device memory");
    std::abort();
  }
  Arena arena{};
  arena.base = static_cast<char*>(base);
  arena.top = arena.base + kGap;
  return arena;
}

std::array<Arena, kDevices>& arenas() {
  static std::array<Arena, kDevices> all = [] {
    if (protecting()) {
      struct sigaction action {};
      action.sa_sigaction = on_fault;
      action.sa_flags = SA_SIGINFO;
      sigaction(SIGSEGV, &action, nullptr);
    }
    return std::array<Arena, kDevices>{make_arena(), make_arena()};
  }();
  return all;
}

Arena* arena_of(const void* address) {
  for (Arena& arena : arenas()) {
    if (address >= arena.base && address < arena.base + kReserve) return &arena;
  }
  return nullptr;
}

int unprotected_depth = 0;

void protect(int rights) {
  for (Arena& arena : arenas()) {
    if (arena.top > arena.base + kGap) mprotect(arena.base, static_cast<size_t>(arena.top - arena.base), rights);
  }
}

}  // namespace

size_t device_capacity() {
  static const size_t bytes = [] {
    const char* mebibytes = std::getenv("EMULATION_MEMORY");
    return (mebibytes != nullptr ? std::strtoull(mebibytes, nullptr, 10) : 4096) << 20;
  }();
  return bytes;
}

size_t free_memory(int device) { return device_capacity() - arenas()[device].in_use; }

bool is_device_address(const void* address) { return arena_of(address) != nullptr; }

Allocation* nearest_allocation(const void* address) {
  Arena* arena = arena_of(address);
  if (arena == nullptr || arena->allocations.empty()) return nullptr;
  auto after = std::upper_bound(arena->allocations.begin(), arena->allocations.end(), address,
                                [](const void* a, const Allocation& b) { return a < b.begin; });
  return &*(after == arena->allocations.begin() ? after : after - 1);
}

void check_range(const char* who, const void* pointer, size_t bytes, int device) {
  if (bytes == 0) return;
  const Allocation* found = nearest_allocation(pointer);
  const char* begin = static_cast<const char*>(pointer);
  if (found == nullptr) report("host pointer", text("%s: %p is no device memory", who, pointer));
  if (found->device != device) {
    report("wrong device", text("%s: %p is memory of device %d, not %d", who, pointer, found->device, device));
  }
  if (begin < found->begin || begin + bytes > found->begin + found->bytes) {
    report("out of bounds", text("%s: %zu bytes at %p reach out of the allocation of %zu bytes at %p", who, bytes,
                                 pointer, found->bytes, static_cast<void*>(found->begin)));
  }
  if (found->freed) report("use after free", text("%s: the %zu bytes at %p are freed", who, found->bytes, pointer));
}

Unprotected::Unprotected() {
  if (protecting() && unprotected_depth++ == 0) protect(PROT_READ | PROT_WRITE);
}
Unprotected::~Unprotected() {
  if (protecting() && --unprotected_depth == 0) protect(PROT_NONE);
}

char* allocate(int device, size_t bytes) {
  Arena& arena = arenas()[device];
  if (bytes > device_capacity() - arena.in_use) return nullptr;
  size_t step = (bytes + kGap + kAlign - 1) / kAlign * kAlign;
  if (arena.top + step > arena.base + kReserve) return nullptr;
  Unprotected unprotected;
  char* begin = arena.top;
  // The gaps too, so that what the checks do not see reads nonsense instead of ending the process without a word.
  mprotect(arena.base, static_cast<size_t>(begin + step - arena.base), PROT_READ | PROT_WRITE);
  std::memset(begin, 0xff, bytes);  // NaN
  arena.top += step;
  arena.in_use += bytes;
  arena.allocations.push_back({begin, bytes, device, false, nullptr});
  return begin;
}

void release(void* pointer) {
  Allocation* found = nearest_allocation(pointer);
  if (found == nullptr || found->begin != pointer) report("bad free", text("cudaFree of %p, no allocation", pointer));
  if (found->freed) report("bad free", text("%p is freed twice", pointer));
  found->freed = true;
  arenas()[found->device].in_use -= found->bytes;
  free_cells(*found);
  madvise(found->begin, found->bytes, MADV_DONTNEED);
}

}  // namespace emulation
