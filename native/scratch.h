// Temporary memory of a running kernel, from the stream's arena.
#pragma once
#include <cstddef>
#include <cstdint>

namespace convcore {

/// `bytes` of 64-byte aligned memory until the end of the block. Take it on the thread that runs the kernel, not
/// inside a parallel region. Nested scratches stack. Throws std::bad_alloc.
class Scratch {
 public:
  explicit Scratch(int64_t bytes);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class T>
  [[gnu::always_inline]] T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  void* data_;
  size_t mark_;
};

}  // namespace convcore
