#include "plan.h"

#include <unordered_map>

#include "arrange.h"

namespace convcore {
namespace {

template <class F>
void each_operand(Steps& steps, F&& f) {
  struct Each final : Step::Visitor {
    F& f;
    int step = 0;
    explicit Each(F& f) : f(f) {}
    void see(void*& data, Storage& storage) override { f(step, data, storage); }
  } visitor(f);
  for (auto& step : steps.steps) {
    step->visit(visitor);
    ++visitor.step;
  }
}

struct Replay {
  std::shared_ptr<Steps> steps;
  const Stream* stream;
  std::vector<double> numbers;

  void operator()() noexcept { steps->run(*stream, numbers.data()); }
};

}  // namespace

void Steps::run(const Stream& stream, const double* numbers) noexcept {
  for (const StorageRef& storage : storages) storage->set_failure(nullptr);
  for (size_t i : varying) {
    steps[i]->take(numbers);
    numbers += steps[i]->numbers();
  }
  for (auto& step : steps) {
    if (stream.stopped()) return;
    step->run();
  }
}

Storage* Plan::create(size_t bytes) {
  if (bytes > SIZE_MAX / 4) throw OutOfMemory{bytes, device.pool.live_bytes(), device.pool.idle_bytes(), 0};
  auto storage = std::make_unique<Storage>();
  storage->device = &device;
  storage->plan = this;
  storage->block.data = reinterpret_cast<std::byte*>(next_);
  storage->bytes = bytes;
  next_ += bytes + 64;
  steps_->storages.emplace_back(storage.get());
  ++shown_;
  return storage.release();
}

void Plan::append(std::unique_ptr<Step> step) { steps_->steps.push_back(std::move(step)); }

int Plan::vary() {
  if (steps_->steps.empty()) return 0;
  steps_->varying.push_back(steps_->steps.size() - 1);
  const int numbers = steps_->steps.back()->numbers();
  numbers_ += static_cast<size_t>(numbers);
  return numbers;
}

void Plan::finish(const std::function<Block(size_t bytes)>& allocate) {
  each_operand(*steps_, [&](int, void*&, Storage& storage) {
    if (!made(storage) && outside_.insert(&storage).second) ++storage.tensors, ++storage.plans;
  });
  try {
    place(allocate);
    placed_ = true;
  } catch (...) {
    steps_->steps.clear();
    throw;
  }
}

/// Gives all that the recording made its place, and the operands their pointers.
void Plan::place(const std::function<Block(size_t bytes)>& allocate) {
  const int end = static_cast<int>(steps_->steps.size());
  std::vector<Lifetime> lifetimes;
  std::unordered_map<const Storage*, size_t> index;
  for (const StorageRef& storage : steps_->storages) {
    index.emplace(storage.get(), lifetimes.size());
    lifetimes.push_back(storage->tensors ? Lifetime{storage->bytes, 0, end} : Lifetime{storage->bytes, end, -1});
  }
  each_operand(*steps_, [&](int step, void*&, Storage& storage) {
    if (auto found = index.find(&storage); found != index.end()) {
      Lifetime& lifetime = lifetimes[found->second];
      lifetime.first = std::min(lifetime.first, step);
      lifetime.last = std::max(lifetime.last, step);
    }
  });
#ifdef CONVCORE_POOL_NONE
  // Each in a block of its own, so that accesses beyond its bounds show.
  for (const Lifetime& lifetime : lifetimes) blocks_.push_back(allocate(lifetime.bytes));
  auto place_of = [&](size_t i) { return blocks_[i]; };
#else
  if (const size_t bytes = arrange(lifetimes)) blocks_.push_back(allocate(bytes));
  auto place_of = [&](size_t i) {
    Block block = blocks_.empty() ? Block{} : blocks_.front();
    block.data += lifetimes[i].offset;
    return block;
  };
#endif
  each_operand(*steps_, [&](int, void*& data, Storage& storage) {
    if (auto found = index.find(&storage); found != index.end())
      data = place_of(found->second).data + (static_cast<std::byte*>(data) - storage.block.data);
  });
  for (const StorageRef& storage : steps_->storages) storage->block = place_of(index[storage.get()]);
}

void Plan::replay(const double* numbers) {
  const double* next = numbers;
  for (size_t i : steps_->varying) {
    steps_->steps[i]->check(next);
    next += steps_->steps[i]->numbers();
  }
  device.stream.enqueue(Replay{steps_, &device.stream, {numbers, numbers + numbers_}});
}

bool Plan::fresh() const {
  for (const Storage* storage : outside_)
    if (storage->tensors <= storage->plans) return false;
  return true;
}

void Plan::drop() {
  dropped_ = true;
  steps_.reset();
  for (Storage* storage : outside_) {
    --storage->plans;
    if (--storage->tensors == 0) storage->release();
  }
  outside_.clear();
  if (shown_ == 0) end();
}

void Plan::let_go() {
  if (--shown_ == 0 && dropped_) end();
}

void Plan::end() {
  for (const Block& block : blocks_) device.pool.give_back(block, device.stream.queued());
  delete this;
}

}  // namespace convcore
