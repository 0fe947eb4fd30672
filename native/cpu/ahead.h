// Memory that later products read, brought nearer beside earlier ones. In the order of its addresses, so that the
// processor's own prefetching joins in.
#pragma once
#include "microkernel.h"

namespace convcore::cpu {
namespace {

template <class T>
class Ahead {
 public:
  Ahead() = default;
  Ahead(const T* data, int64_t count) : data_(data), count_(count) {}

  /// Where the next `lines` cache lines begin; null when all were taken.
  const T* take(int64_t lines) {
    if (count_ <= 0) return nullptr;
    const T* begin = data_;
    const int64_t taken = lines * (kCacheLine / int64_t{sizeof(T)});
    data_ += taken;
    count_ -= taken;
    return begin;
  }

 private:
  const T* data_ = nullptr;
  int64_t count_ = 0;
};

}  // namespace
}  // namespace convcore::cpu
