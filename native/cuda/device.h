// One GPU: the tasks of its stream launch kernels and copies on one CUDA stream and do not wait for them.
#pragma once
#include "../device.h"
#include "arrivals.h"
#include "context.h"
#include "pinned.h"

namespace convcore::cuda {

class CudaDevice final : public Device {
 public:
  explicit CudaDevice(int id);
  ~CudaDevice() override;

  /// The device whose task runs on this thread.
  static CudaDevice& current();
  const Context& context() const { return context_; }

  bool on_host() const override { return false; }
  const Kernels& kernels() const override;
  std::unique_ptr<Moment> moment() override;
  void stop() override;
  void enter() override;
  void copy(std::byte* to, const std::byte* from, size_t bytes) override;
  void upload(std::byte* to, const HostBuffer& from) override;
  void download(void* to, const std::byte* from, size_t bytes) override;
  void download_later(void* to, const std::byte* from, size_t bytes, Arrival arrival) override;
  void copy_from(Device& source, std::byte* to, const std::byte* from, size_t bytes) override;

 private:
  friend class Scratch;
  /// Grow-only memory of the scratches.
  struct DeviceArena {
    std::byte* data = nullptr;
    size_t capacity = 0, used = 0, wanted = 0;
  };

  std::byte* take_host(size_t bytes) override;
  void give_back_host(std::byte* data, size_t bytes) override;

  Context context_{};
  DeviceArena arena_;
  cudaEvent_t meeting_ = nullptr;  // for copies between GPUs
  Pinned pinned_;
  Arrivals arrivals_;
};

}  // namespace convcore::cuda
