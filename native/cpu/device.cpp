#include "device.h"

#include <cstring>

#include "isa.h"
#include "memory.h"

namespace convcore::cpu {

CpuDevice::CpuDevice(int id) : Device(id, std::make_unique<SystemMemory>()) {}

const Kernels& CpuDevice::kernels() const { return *isa().kernels; }

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
