#include "device.h"

#include <utility>

namespace convcore {

std::string device_name(int id) { return (id < kMaxDevices ? "cpu:" : "cuda:") + std::to_string(id % kMaxDevices); }

std::string Device::name() const { return device_name(id); }

HostBuffer::HostBuffer(Device& device, size_t bytes)
    : device_(&device), data_(device.take_host(bytes)), bytes_(bytes) {}

HostBuffer::~HostBuffer() {
  if (data_) device_->give_back_host(data_, bytes_);
}

HostBuffer::HostBuffer(HostBuffer&& other) noexcept
    : device_(other.device_), data_(std::exchange(other.data_, nullptr)), bytes_(other.bytes_) {}

}  // namespace convcore
