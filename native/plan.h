// A recorded step of training or inference: the tasks of one device in order, which run again without JavaScript.
//
// While a recording goes on nothing runs, and what it allocates has addresses that mean nothing. When it ends, all of
// that is given places in one block by the steps between which it is needed. What tensors still show then keeps its
// place.
#pragma once
#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "step.h"

namespace convcore {

/// What the stream runs. Outlives the plan while replays are queued.
struct Steps {
  std::vector<std::unique_ptr<Step>> steps;
  std::vector<size_t> varying;       // those that take numbers, in order
  std::vector<StorageRef> storages;  // made in the recording

  void run(const Stream& stream, const double* numbers) noexcept;
};

/// Belongs to the JavaScript thread.
class Plan {
 public:
  explicit Plan(Device& device) : device(device), steps_(std::make_shared<Steps>()) {}
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  Device& device;

  // ---- while it is recorded

  Storage* create(size_t bytes);
  void append(std::unique_ptr<Step> step);
  /// The last step gets other numbers at each replay. Returns how many.
  int vary();
  /// Ends the recording. `allocate` may throw; nothing has a place then, and all that is left is to drop the plan.
  void finish(const std::function<Block(size_t bytes)>& allocate);

  // ---- afterwards

  /// What the varying steps take, all together.
  size_t numbers() const { return numbers_; }
  /// Enqueues the steps. Throws what a step's `check` does.
  void replay(const double* numbers);
  /// Whether all that it needs from outside is still there, as some tensor's.
  bool fresh() const;
  /// Whether what the recording made has memory.
  bool placed() const { return placed_; }
  bool made(const Storage& storage) const { return storage.plan == this; }
  /// The plan is not used any more. Its memory goes back to the pool when no tensor shows it, and the plan ends.
  void drop();
  /// A storage made in the recording has lost its last tensor.
  void let_go();

 private:
  ~Plan() = default;
  void place(const std::function<Block(size_t bytes)>& allocate);
  void end();

  std::shared_ptr<Steps> steps_;
  std::unordered_set<Storage*> outside_;  // held like tensors
  std::vector<Block> blocks_;
  uintptr_t next_ = uintptr_t{1} << 60;  // no address of the machine's
  size_t numbers_ = 0;
  int shown_ = 0;  // storages with tensors
  bool placed_ = false, dropped_ = false;
};

}  // namespace convcore
