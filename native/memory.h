// Where a device's pool takes its blocks from.
#pragma once
#include <cstddef>

namespace convcore {

/// The memory of one device. Any thread may call it.
class Memory {
 public:
  virtual ~Memory() = default;
  /// At least 64-byte aligned, null when there is none.
  virtual std::byte* allocate(size_t bytes) = 0;
  virtual void free(std::byte* data, size_t bytes) = 0;
  /// What `allocate` can give at most, all blocks together.
  virtual size_t limit() = 0;
};

}  // namespace convcore
