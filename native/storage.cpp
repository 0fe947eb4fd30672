#include "storage.h"

#include "plan.h"

namespace convcore {

void Storage::release() {
  if (plan)
    plan->let_go();
  else
    device->pool.give_back(block, device->stream.queued());
  drop();
}

}  // namespace convcore
