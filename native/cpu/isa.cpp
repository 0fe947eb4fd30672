#include "isa.h"

#include <cstdlib>
#include <stdexcept>
#include <string>

#pragma GCC visibility push(hidden)
namespace convcore::cpu {
namespace generic {
extern const Kernels kernels;
}
#ifdef CONVCORE_AVX2
namespace avx2 {
extern const Kernels kernels;
}
#endif
#ifdef CONVCORE_AVX512
namespace avx512 {
extern const Kernels kernels;
}
#endif
}  // namespace convcore::cpu
#pragma GCC visibility pop

namespace convcore::cpu {
namespace {

const Isa kIsas[] = {
#ifdef CONVCORE_AVX512
    {"avx512", &avx512::kernels},
#endif
#ifdef CONVCORE_AVX2
    {"avx2", &avx2::kernels},
#endif
    {"generic", &generic::kernels},
};

bool available(const std::string& name) {
#ifdef __x86_64__
  __builtin_cpu_init();
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (name == "avx2") return avx2;
  if (name == "avx512")
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
  return name == "generic";
}

const Isa& choose() {
  const char* forced = std::getenv("CONVCORE_ISA");
  std::string usable;
  for (const Isa& isa : kIsas) {
    if (!available(isa.name)) continue;
    if (!forced || !*forced || std::string(forced) == isa.name) return isa;
    usable += std::string(usable.empty() ? "" : ", ") + isa.name;
  }
  throw std::invalid_argument("CONVCORE_ISA: expected one of " + usable + ", got " + forced);
}

}  // namespace

const Isa& isa() {
  static const Isa& chosen = choose();
  return chosen;
}

}  // namespace convcore::cpu
