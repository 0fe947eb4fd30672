#include "storage.h"

#include "plan.h"

namespace convcore {

Storage* Storage::create(Device& device, size_t bytes) {
  std::unique_ptr<Storage> storage(device.released.take());
  if (!storage) storage = std::make_unique<Storage>();
  storage->device = &device;
  storage->block = device.pool.take(bytes);
  storage->bytes = bytes;
  return storage.release();
}

void Storage::release() {
  if (plan)
    plan->let_go();
  else
    device->pool.give_back(block, device->stream.queued());
  device->released.add(*this);
}

void Released::add(Storage& storage) {
  waiting_.push_back({stream_.queued(), &storage});
  if (waiting_.size() >= kFew) drop_passed();
}

void Released::drop_passed() {
  const uint64_t completed = stream_.completed();
  for (; !waiting_.empty() && waiting_.front().ticket <= completed; waiting_.pop_front()) {
    Storage* storage = waiting_.front().storage;
    if (spare_.size() < kSpare && storage->only_held_here())
      spare_.push_back(storage);
    else
      storage->drop();
  }
}

Storage* Released::take() {
  if (spare_.empty()) return nullptr;
  Storage* storage = spare_.back();
  spare_.pop_back();
  storage->renew();
  return storage;
}

Released::~Released() {
  drop_passed();
  for (Storage* storage : spare_) storage->drop();
}

}  // namespace convcore
