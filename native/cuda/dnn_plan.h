// How cuDNN does a convolution: descriptors and algorithms, kept from one call to the next.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <vector>

#include "../geometry.h"
#include "context.h"
#include "conv.h"
#include "dnn_library.h"
#include "handles.h"

namespace convcore::cuda::dnn {

/// What a plan is for. Settings are part of it, so that changing them changes plans.
struct Task {
  Conv p;
  int64_t dtype, pass;
  int64_t tf32;       // factors of float32 may be rounded
  int64_t benchmark;  // algorithms are timed, and need not be deterministic

  Task(const Conv& p, DType dtype, ConvPass pass);
  bool operator<(const Task& other) const;
};

struct Candidate {
  int algorithm;  // of the pass's enumeration
  cudnnMathType_t math;
  size_t workspace;  // bytes
};

struct Plan {
  Tensor x, y, bias;  // of y or, where the gradient of x is made, of x
  Filter weight;
  Convolution conv;
  cudnnMathType_t math;  // that was asked for
  /// Best first. Unknown until the algorithms were asked for; empty when there are none, or cuDNN takes no such shape.
  std::optional<std::vector<Candidate>> candidates;
  uint64_t used = 0;  // at this count of calls

  explicit Plan(const Task& task);
};

/// A bounded number of plans: the one that was not used for longest makes room.
class Plans {
 public:
  Plan& of(const Task& task);

 private:
  std::map<Task, Plan> plans_;
  uint64_t calls_ = 0;
};

/// A handle and the plans that are made with it.
struct Session {
  cudnnHandle_t handle;
  Plans plans;
};

/// For calls on the context's stream. Null where cuDNN is not available.
Handles<Session>::Lease session();

}  // namespace convcore::cuda::dnn
