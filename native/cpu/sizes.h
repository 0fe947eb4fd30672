// Arithmetic of sizes and counts.
#pragma once
#include <cstdint>

namespace convcore::cpu {
namespace {

[[gnu::always_inline]] constexpr int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }
[[gnu::always_inline]] constexpr int64_t at_least_one(int64_t a) { return a > 1 ? a : 1; }
[[gnu::always_inline]] constexpr int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
[[gnu::always_inline]] constexpr int64_t round_up(int64_t a, int64_t unit) { return divide_up(a, unit) * unit; }

}  // namespace
}  // namespace convcore::cpu
