// Tasks that move bytes: from JavaScript to a tensor, from a tensor to JavaScript, between tensors.
#pragma once
#include <memory>

#include "step.h"

namespace convcore {

/// Copies a tensor's bytes to `target`, or notes why there are none.
struct Read {
  StorageRef storage;
  const std::byte* source;
  void* target;
  size_t bytes;
  std::shared_ptr<const Failure>* failure;
  void operator()() noexcept;
};

/// The bytes become the tensor's, behind all that is queued. `source` is free when this returns.
void write_bytes(TensorSlot& to, const std::byte* source, size_t bytes);

/// The same as a step of a recording, which keeps the bytes.
std::unique_ptr<Step> write_step(const TensorSlot& to, const std::byte* source, size_t bytes);

/// Copies between tensors of one size. Across devices both streams meet: the source's stands still until the target's
/// has copied, so its block cannot be reused in between.
void copy_across(const TensorSlot& from, const TensorSlot& to);

/// The same within a device, as a step of a recording.
std::unique_ptr<Step> copy_step(const TensorSlot& from, const TensorSlot& to);

}  // namespace convcore
