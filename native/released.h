// Storages without tensors, which calls in the queue of their device may still name.
#pragma once
#include <deque>
#include <vector>

#include "stream.h"

namespace convcore {

struct Storage;

/// Belongs to the JavaScript thread.
class Released {
 public:
  explicit Released(const Stream& stream) : stream_(stream) {}
  /// The stream must have stopped.
  ~Released();
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;

  void add(Storage& storage);
  /// One that nothing names any more, to be used again, or null.
  Storage* take();

 private:
  void drop_passed();

  // To look at how far the stream is takes its thread's time.
#ifdef CONVCORE_POOL_NONE
  static constexpr size_t kFew = 1, kSpare = 0;
#else
  static constexpr size_t kFew = 256, kSpare = 1024;
#endif
  struct Waiting {
    uint64_t ticket;
    Storage* storage;
  };
  const Stream& stream_;
  std::deque<Waiting> waiting_;
  std::vector<Storage*> spare_;
};

}  // namespace convcore
