// One task of a recording: what the queue would have run, kept to be run again (plan.h).
#pragma once
#include "storage.h"

namespace convcore {

class Step {
 public:
  /// Sees every operand of a step: the pointer that it is read or written by, and the storage that this leads into.
  class Visitor {
   public:
    virtual void see(void*& data, Storage& storage) = 0;

   protected:
    ~Visitor() = default;
  };

  virtual ~Step() = default;
  /// On the thread that runs the stream's tasks, as `take` is.
  virtual void run() noexcept = 0;
  virtual void visit(Visitor& visitor) = 0;

  /// How many numbers it takes that may be others at every run.
  virtual int numbers() const { return 0; }
  /// Throws CallError unless it can run with these numbers. On the JavaScript thread.
  virtual void check(const double*) const {}
  virtual void take(const double*) noexcept {}
};

}  // namespace convcore
