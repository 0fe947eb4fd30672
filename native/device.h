// A device: memory, an in-order stream and the kernels that run there. A backend is a subclass in its directory.
#pragma once
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

#include "memory.h"
#include "ops.h"
#include "pool.h"
#include "released.h"
#include "stream.h"

namespace convcore {

class Device;

/// Host memory from which a device takes an upload while the host goes on.
class HostBuffer {
 public:
  HostBuffer(Device& device, size_t bytes);
  ~HostBuffer();
  HostBuffer(HostBuffer&& other) noexcept;
  HostBuffer& operator=(HostBuffer&&) = delete;

  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  Device* device_;
  std::byte* data_;
  size_t bytes_;
};

/// What follows when bytes have arrived on the host, or why they have not (null when they have). On any thread.
struct Arrival {
  void (*call)(void* data, const char* error);
  void* data;
};

/// A point in the order of a device's work.
class Moment {
 public:
  virtual ~Moment() = default;
  /// On the thread that runs the stream's tasks: notes when the work so far is done.
  virtual void take() = 0;
  /// Milliseconds from another one of the device's, on any thread. Both must have passed: std::runtime_error.
  virtual double since(const Moment& earlier) const = 0;
};

class Device {
 public:
  Device(int id, std::unique_ptr<Memory> memory) : id(id), memory_(std::move(memory)), pool(*memory_) {}
  virtual ~Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const int id;  // 0–7: cpu:0 to cpu:7, 8–15: cuda:0 to cuda:7

 private:
  std::unique_ptr<Memory> memory_;

 public:
  Pool pool;      // before the stream: destroyed after its worker has ended
  Stream stream;  // of tasks that launch the device's work
  Released released{stream};
  std::atomic<size_t> waiting_bytes{0};  // of host data, copied to wait in the queue

  std::string name() const;
  virtual bool on_host() const = 0;  // the host reads its memory
  virtual const Kernels& kernels() const = 0;

  virtual std::unique_ptr<Moment> moment() = 0;

  /// Ends the stream: see Stream::stop.
  virtual void stop() { stream.stop(); }

  // What follows runs on the thread that runs the stream's tasks, and works in their order. Errors are
  // std::runtime_error.

  /// Before a kernel.
  virtual void enter() {}
  virtual void copy(std::byte* to, const std::byte* from, size_t bytes) = 0;
  virtual void upload(std::byte* to, const HostBuffer& from) = 0;
  /// Waits for the bytes.
  virtual void download(void* to, const std::byte* from, size_t bytes) = 0;
  /// Does not wait. With 0 bytes: when all work so far is done.
  virtual void download_later(void* to, const std::byte* from, size_t bytes, Arrival arrival) = 0;
  /// From another device of the same kind, whose stream stands still.
  virtual void copy_from(Device& source, std::byte* to, const std::byte* from, size_t bytes) = 0;

 private:
  friend class HostBuffer;
  virtual std::byte* take_host(size_t bytes) = 0;  // on any thread; throws std::bad_alloc
  virtual void give_back_host(std::byte* data, size_t bytes) = 0;
};

constexpr int kMaxDevices = 8;  // of each kind

/// "cpu:1", "cuda:0": the device's name for its number.
std::string device_name(int id);

}  // namespace convcore
