// Sorting by whole numbers: what comes earlier has the smaller key, and among equal keys the earlier place comes first.
// No two entries are alike, so every correct sort gives the same result, on every device, and is stable.
#pragma once
#include <cstdint>
#include <cstring>

#include "host_device.h"

namespace convcore {
namespace {

/// A key of 32 bits and a place below 2^31, in one word.
struct Entry {
  uint64_t word;

  [[gnu::always_inline]] HOST_DEVICE static Entry of(uint32_t key, int64_t place) {
    return {uint64_t{key} << 32 | static_cast<uint32_t>(place)};
  }
  [[gnu::always_inline]] HOST_DEVICE static Entry last() { return {~uint64_t{0}}; }
  [[gnu::always_inline]] HOST_DEVICE uint32_t key() const { return static_cast<uint32_t>(word >> 32); }
  [[gnu::always_inline]] HOST_DEVICE int32_t place() const { return static_cast<int32_t>(word); }
  [[gnu::always_inline]] HOST_DEVICE bool before(const Entry& other) const { return word < other.word; }
};

/// A key of 64 bits.
struct WideEntry {
  uint64_t word;
  uint64_t position;

  [[gnu::always_inline]] HOST_DEVICE static WideEntry of(uint64_t key, int64_t place) {
    return {key, static_cast<uint64_t>(place)};
  }
  [[gnu::always_inline]] HOST_DEVICE static WideEntry last() { return {~uint64_t{0}, ~uint64_t{0}}; }
  [[gnu::always_inline]] HOST_DEVICE uint64_t key() const { return word; }
  [[gnu::always_inline]] HOST_DEVICE int32_t place() const { return static_cast<int32_t>(position); }
  [[gnu::always_inline]] HOST_DEVICE bool before(const WideEntry& other) const {
    return word < other.word || (word == other.word && position < other.position);
  }
};

// Keys in the order of values: −0 is 0, and NaN is greater than all.
[[gnu::always_inline]] HOST_DEVICE inline uint32_t ascending(float value) {
  if (value != value) return ~uint32_t{0};
  if (value == 0) value = 0;
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits >> 31 ? ~bits : bits | uint32_t{1} << 31;
}
[[gnu::always_inline]] HOST_DEVICE inline uint64_t ascending(double value) {
  if (value != value) return ~uint64_t{0};
  if (value == 0) value = 0;
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits >> 63 ? ~bits : bits | uint64_t{1} << 63;
}
[[gnu::always_inline]] HOST_DEVICE inline uint32_t ascending(int32_t value) {
  return static_cast<uint32_t>(value) ^ uint32_t { 1 } << 31;
}
[[gnu::always_inline]] HOST_DEVICE inline uint32_t ascending(uint8_t value) { return value; }

template <class Key>
struct EntryOf {
  using Type = Entry;
};
template <>
struct EntryOf<uint64_t> {
  using Type = WideEntry;
};

}  // namespace
}  // namespace convcore
