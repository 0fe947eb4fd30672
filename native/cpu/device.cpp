#include "device.h"

#include <atomic>
#include <chrono>
#include <cstring>

#include "isa.h"
#include "memory.h"

namespace convcore::cpu {
namespace {

class CpuMoment final : public Moment {
 public:
  void take() override { nanoseconds_ = std::chrono::steady_clock::now().time_since_epoch().count(); }
  double since(const Moment& earlier) const override {
    return static_cast<double>(nanoseconds_ - static_cast<const CpuMoment&>(earlier).nanoseconds_) * 1e-6;
  }

 private:
  std::atomic<int64_t> nanoseconds_{0};
};

}  // namespace

CpuDevice::CpuDevice(int id) : Device(id, std::make_unique<SystemMemory>()) {}

const Kernels& CpuDevice::kernels() const { return *isa().kernels; }

std::unique_ptr<Moment> CpuDevice::moment() { return std::make_unique<CpuMoment>(); }

void CpuDevice::copy(std::byte* to, const std::byte* from, size_t bytes) {
  if (bytes) std::memmove(to, from, bytes);
}

void CpuDevice::upload(std::byte* to, const HostBuffer& from) { copy(to, from.data(), from.bytes()); }

void CpuDevice::download(void* to, const std::byte* from, size_t bytes) {
  copy(static_cast<std::byte*>(to), from, bytes);
}

void CpuDevice::download_later(void* to, const std::byte* from, size_t bytes, Arrival arrival) {
  download(to, from, bytes);
  arrival.call(arrival.data, nullptr);
}

void CpuDevice::copy_from(Device&, std::byte* to, const std::byte* from, size_t bytes) { copy(to, from, bytes); }

std::byte* CpuDevice::take_host(size_t bytes) { return new std::byte[bytes]; }

void CpuDevice::give_back_host(std::byte* data, size_t) { delete[] data; }

}  // namespace convcore::cpu
