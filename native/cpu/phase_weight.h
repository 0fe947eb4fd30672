// The weight as a phase of the gradient of the images sees it.
#pragma once
#include "gemm.h"
#include "phase.h"

namespace convcore::cpu::ISA {
namespace {

/// The weight as the second factor of the gradient: rows (tap plane, tap row, tap column, k) of
/// one phase, columns c.
template <class T>
struct PhaseWeight {
  const Conv& p;
  const T *weight, *end;
  const Phase &inward, &vertical, &horizontal;

  static void copy(const void* self, int64_t item, const Part& part, T* to, int64_t stride) {
    const auto& m = *static_cast<const PhaseWeight*>(self);
    int64_t filters = m.p.k / m.p.groups, channels = m.p.c / m.p.groups;
    for (int64_t row = part.row; row < part.row + part.rows; ++row, to += stride) {
      int64_t k = item * filters + row % filters, tap = row / filters;
      int64_t tap_row = tap / m.horizontal.taps, s = m.horizontal.tap(tap % m.horizontal.taps);
      int64_t t = m.inward.tap(tap_row / m.vertical.taps), r = m.vertical.tap(tap_row % m.vertical.taps);
      int64_t from = ((k * m.p.t + t) * m.p.r + r) * m.p.s + s;
      copy_over(to, m.weight + from * channels + part.column, part.columns, m.end);
    }
  }
  Source<T> source() const { return {this, copy, false}; }
};

}  // namespace
}  // namespace convcore::cpu::ISA
