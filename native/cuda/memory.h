// The memory of one GPU.
#pragma once
#include "../memory.h"

namespace convcore::cuda {

class CudaMemory final : public Memory {
 public:
  explicit CudaMemory(int ordinal) : ordinal_(ordinal) {}
  std::byte* allocate(size_t bytes) override;
  void free(std::byte* data, size_t bytes) override;
  size_t limit() override;

 private:
  int ordinal_;
};

/// Makes the thread's calls go to this GPU.
void select(int ordinal);

}  // namespace convcore::cuda
