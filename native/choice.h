// A setting of the process that is one of some names.
#pragma once
#include <atomic>
#include <cstdlib>
#include <string>

#include "check.h"

namespace convcore {

/// Values of an enumeration by their names, in its order. At first what the environment says, or the first.
template <class Value, int kCount>
class Choice {
 public:
  constexpr Choice(const char* variable, const char* const (&names)[kCount]) : variable_(variable), names_(names) {}

  const char* name_of(Value value) const { return names_[static_cast<int>(value)]; }

  /// Whether there is one of this name.
  bool find(const std::string& name, Value& value) const {
    for (int i = 0; i < kCount; ++i)
      if (name == names_[i]) {
        value = static_cast<Value>(i);
        return true;
      }
    return false;
  }

  /// All names, each between quotes: "'a', 'b' or 'c'".
  std::string list(const char* quote) const {
    std::string text;
    for (int i = 0; i < kCount; ++i)
      text += (i == 0 ? "" : i == kCount - 1 ? " or " : ", ") + (quote + std::string(names_[i]) + quote);
    return text;
  }

  /// Fails when the environment says what is no name.
  Value get() {
    if (value_ < 0) {
      const char* name = std::getenv(variable_);
      Value chosen{};
      if (name && *name && !find(name, chosen)) fail("%s: expected %s, got %s", variable_, list("").c_str(), name);
      value_ = static_cast<int>(chosen);
    }
    return static_cast<Value>(value_.load());
  }
  void set(Value value) { value_ = static_cast<int>(value); }

 private:
  const char* variable_;
  const char* const (&names_)[kCount];
  std::atomic<int> value_{-1};
};

}  // namespace convcore
