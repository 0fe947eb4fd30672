// Handles of a library, which its calls on a device go through.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace convcore::cuda {

/// One thread at a time uses a handle; another one is made when all of the device's are in use. They belong to no
/// stream, so streams may end, and are never destroyed: at the end of the process CUDA may be gone before them.
template <class T>
class Handles {
  struct GiveBack {
    Handles* owner = nullptr;
    int device = 0;
    void operator()(T* handle) const {
      std::lock_guard lock(owner->mutex_);
      owner->of_[device].idle.push_back(handle);
    }
  };

 public:
  using Lease = std::unique_ptr<T, GiveBack>;

  /// `make` makes one on the thread's device, or returns null and says why not.
  explicit Handles(T* (*make)(std::string& reason)) : make_(make) {}

  /// Of the device, which must be the thread's. Null when none could be made: that is not tried again.
  Lease take(int device) {
    std::lock_guard lock(mutex_);
    OfDevice& of = of_[device];
    T* handle = nullptr;
    if (!of.idle.empty()) {
      handle = of.idle.back();
      of.idle.pop_back();
    } else if (of.reason.empty()) {
      handle = make_(of.reason);
    }
    return Lease(handle, {this, device});
  }

  /// Why there is none on some device; empty when nothing went wrong.
  std::string reason() {
    std::lock_guard lock(mutex_);
    for (const auto& [device, of] : of_)
      if (!of.reason.empty()) return of.reason;
    return "";
  }

 private:
  struct OfDevice {
    std::vector<T*> idle;
    std::string reason;
  };

  T* (*make_)(std::string& reason);
  std::mutex mutex_;
  std::map<int, OfDevice> of_;
};

}  // namespace convcore::cuda
