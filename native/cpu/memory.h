// The system's memory, in huge pages where it has them.
#pragma once
#include "../memory.h"

namespace convcore::cpu {

class SystemMemory final : public Memory {
 public:
  std::byte* allocate(size_t bytes) override;
  void free(std::byte* data, size_t bytes) override;
  size_t limit() override;
};

}  // namespace convcore::cpu
