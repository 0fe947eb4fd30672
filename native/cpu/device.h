// A logical CPU device. All share the compute threads and the system's memory.
#pragma once
#include "../device.h"

namespace convcore::cpu {

class CpuDevice final : public Device {
 public:
  explicit CpuDevice(int id);
  ~CpuDevice() override { stop(); }

  bool on_host() const override { return true; }
  const Kernels& kernels() const override;
  std::unique_ptr<Moment> moment() override;
  void copy(std::byte* to, const std::byte* from, size_t bytes) override;
  void upload(std::byte* to, const HostBuffer& from) override;
  void download(void* to, const std::byte* from, size_t bytes) override;
  void download_later(void* to, const std::byte* from, size_t bytes, Arrival arrival) override;
  void copy_from(Device& source, std::byte* to, const std::byte* from, size_t bytes) override;

 private:
  std::byte* take_host(size_t bytes) override;
  void give_back_host(std::byte* data, size_t bytes) override;
};

}  // namespace convcore::cpu
