// The arguments of a kernel call: read from JavaScript, checked, and as they wait in the queue.
#pragma once
#include <cmath>

#include "check.h"
#include "environment.h"
#include "ops.h"

namespace convcore {

/// What is known of a call while its arguments are read.
struct CallContext {
  napi_env env;
  Environment* environment;
  const char* op;
  const char* const* names;  // of the parameters
  int position = 0;          // of the parameter being read
  Device* device = nullptr;
  double made = 0;  // handle of the result that the call made

  const char* name() const { return names[position]; }

  void same_device(Device* other) {
    if (device && device != other)
      throw_call(CallError::Plain, "ERR_DEVICE",
                 "%s: expected all tensors on one device, got %s on %s and others on %s", op, name(),
                 other->name().c_str(), device->name().c_str());
    device = other;
  }
};

inline double read_number(const CallContext& call, napi_value value) {
  double number;
  if (napi_get_value_double(call.env, value, &number) != napi_ok)
    throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected %s to be a number", call.op, call.name());
  return number;
}

/// Whether JavaScript holds the number exactly, and it has no fraction.
inline bool is_whole(double number) {
  return number >= -0x1p53 && number <= 0x1p53 && number == static_cast<double>(static_cast<int64_t>(number));
}

inline int64_t to_integer(const CallContext& call, double number) {
  if (!is_whole(number))
    throw_call(CallError::Range, "ERR_ARGUMENT", "%s: expected %s to be a whole number, got %g", call.op, call.name(),
               number);
  return static_cast<int64_t>(number);
}

// ---- the kinds of operands -------------------------------------------------------------------------------------

enum class Element { Float, Wide, Index, Byte, Any, Free };

template <Element element, bool reads, bool writes, bool optional = false, bool keeps = false>
struct Kind {
  static constexpr Element kElement = element;
  static constexpr bool kReads = reads, kWrites = writes, kOptional = optional;
  /// Stays as it was when a failed input kept the op from running: a step on a bad batch does not spoil the weights.
  static constexpr bool kKeeps = keeps;
};
template <class T>
struct KindOf;
struct Kept : Operand {};  // a member of an InOuts list
// clang-format off
template <> struct KindOf<In>         : Kind<Element::Float, true,  false> {};
template <> struct KindOf<Out>        : Kind<Element::Float, false, true> {};
template <> struct KindOf<InOut>      : Kind<Element::Float, true,  true> {};
template <> struct KindOf<OptIn>      : Kind<Element::Float, true,  false, true> {};
template <> struct KindOf<OptOut>     : Kind<Element::Float, false, true,  true> {};
template <> struct KindOf<OptInOut>   : Kind<Element::Float, true,  true,  true, true> {};
template <> struct KindOf<Kept>       : Kind<Element::Float, true,  true,  false, true> {};
template <> struct KindOf<WideIn>     : Kind<Element::Wide,  true,  false> {};
template <> struct KindOf<WideOut>    : Kind<Element::Wide,  false, true> {};
template <> struct KindOf<OptWideIn>  : Kind<Element::Wide,  true,  false, true> {};
template <> struct KindOf<OptWideOut> : Kind<Element::Wide,  false, true,  true> {};
template <> struct KindOf<OptWideInOut> : Kind<Element::Wide, true, true,  true, true> {};
template <> struct KindOf<IndexIn>    : Kind<Element::Index, true,  false> {};
template <> struct KindOf<IndexOut>   : Kind<Element::Index, false, true> {};
template <> struct KindOf<IndexInOut> : Kind<Element::Index, true,  true> {};
template <> struct KindOf<ByteIn>     : Kind<Element::Byte,  true,  false> {};
template <> struct KindOf<ByteOut>    : Kind<Element::Byte,  false, true> {};
template <> struct KindOf<AnyIn>      : Kind<Element::Any,   true,  false> {};
template <> struct KindOf<AnyOut>     : Kind<Element::Any,   false, true> {};
template <> struct KindOf<AnyInOut>   : Kind<Element::Any,   true,  true> {};
template <> struct KindOf<CastOut>    : Kind<Element::Free,  false, true> {};
// clang-format on

/// The dtypes that a call has settled on so far.
struct Dtypes {
  DType shared[2] = {};
  bool known[2] = {false, false};

  void check(const CallContext& call, Element element, DType dtype) {
    bool fits = true;
    const char* expected = "";
    if (element == Element::Index) {
      fits = dtype == DType::Int32;
      expected = "int32";
    } else if (element == Element::Byte) {
      fits = dtype == DType::UInt8;
      expected = "uint8";
    } else if (element == Element::Wide) {
      // Behind an operand of the float family in every signature.
      DType wide = known[0] && !is_half(shared[0]) ? shared[0] : DType::Float32;
      fits = dtype == wide;
      expected = name_of(wide);
    } else if (element != Element::Free) {
      int family = element == Element::Any;
      if (known[family]) {
        fits = dtype == shared[family];
        expected = name_of(shared[family]);
      } else if (element == Element::Float) {
        fits = dtype == DType::Float32 || dtype == DType::Float64 || is_half(dtype);
        expected = "a float type";
      }
      shared[family] = dtype;
      known[family] = true;
    }
    if (!fits)
      throw_call(CallError::Type, "ERR_DTYPE", "%s: expected %s of dtype %s, got %s", call.op, call.name(), expected,
                 name_of(dtype));
  }
};

// ---- arguments as they wait in the queue -------------------------------------------------------------------------

using FailurePtr = std::shared_ptr<const Failure>;

/// An argument that is no tensor.
struct Passive {
  void bind(CallContext&, napi_value) {}
  const FailurePtr* failure() const { return nullptr; }
  void finish(const FailurePtr&, bool) const {}
  void tell_range(IndexRange&, bool&) const {}
  void take_range(const IndexRange&) const {}
  int64_t written() const { return 0; }
  int64_t elements() const { return 0; }
};

template <class T>
struct Argument : Passive {  // geometry
  std::remove_cv_t<std::remove_reference_t<T>> value;

  void read(CallContext& call, napi_value words) {
    constexpr int kWords = sizeof(value) / sizeof(int64_t);
    static_assert(kWords <= Environment::kStageWords);
    const double given = read_number(call, words);
    if (!(given >= 0 && given <= kWords))
      throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected %s to be a geometry of at most %d words", call.op,
                 call.name(), kWords);
    value = {};
    int64_t* fields = reinterpret_cast<int64_t*>(&value);
    for (int i = 0; i < given; ++i) fields[i] = to_integer(call, call.environment->stage[i]);
    if (!value.valid())
      throw_call(CallError::Range, "ERR_ARGUMENT", "%s: expected a valid geometry, got an impossible one", call.op);
  }
  const auto& get() const { return value; }
};

template <>
struct Argument<int64_t> : Passive {
  int64_t value;
  void read(CallContext& call, napi_value number) { value = to_integer(call, read_number(call, number)); }
  int64_t get() const { return value; }
};

template <>
struct Argument<double> : Passive {
  double value;
  void read(CallContext& call, napi_value number) { value = read_number(call, number); }
  double get() const { return value; }
};

template <class T>
struct OperandArgument {
  using Of = KindOf<T>;
  /// Whether the call makes the tensor when it is given 0 for a handle.
  static constexpr bool kMakes = std::is_same_v<T, Out>;
  T operand;
  Storage* storage = nullptr;

  void read(CallContext&, napi_value) {}
  void bind(CallContext& call, napi_value value) { bind(call, read_number(call, value)); }
  void bind(CallContext& call, double handle) {
    if ((Of::kOptional || kMakes) && handle == 0) return;
    bind(call, call.environment->find(handle, call.op, call.name()));
  }
  void bind(CallContext& call, const TensorSlot& slot) {
    call.same_device(slot.storage->device);
    static_cast<Operand&>(operand) = {slot.data(), slot.count, slot.dtype};
    storage = slot.storage;
    storage->last_use = storage->device->stream.queued() + 1;
    if constexpr (std::is_same_v<T, IndexIn>) {
      operand.range = &storage->range;
      operand.whole = whole();
    }
  }

  /// Whether the operand is all of its storage.
  bool whole() const { return operand.count * size_of(operand.dtype) == storage->bytes; }

  void check(CallContext& call, Dtypes& dtypes, int64_t expected) const {
    if (!operand) return;
    if (operand.count != expected)
      throw_call(CallError::Range, "ERR_SHAPE", "%s: expected %s to have %lld elements, got %lld", call.op, call.name(),
                 static_cast<long long>(expected), static_cast<long long>(operand.count));
    dtypes.check(call, Of::kElement, operand.dtype);
  }

  /// Memory for the result, once all that the call was given is known to fit.
  void make(CallContext& call, const Dtypes& dtypes, int64_t count) {
    if (!kMakes || operand) return;
    if (!call.device || !dtypes.known[0] || call.made)
      throw_call(CallError::Type, "ERR_HANDLE", "%s: expected %s to be a tensor handle, got 0", call.op, call.name());
    if (count < 0 || static_cast<double>(count) > Environment::kMaxCount)
      throw_call(CallError::Range, "ERR_SHAPE", "%s: expected at most 2^49 elements of %s", call.op, call.name());
    call.made = call.environment->make(*call.device, count, dtypes.shared[0]);
    bind(call, call.environment->find(call.made, call.op, call.name()));
  }

  const FailurePtr* failure() const { return Of::kReads && storage && storage->failure ? &storage->failure : nullptr; }
  void finish(const FailurePtr& failure, bool ran) const {
    if (!Of::kWrites || !storage) return;
    storage->forget_range();
    if (failure ? Of::kKeeps && !ran : !whole()) return;
    storage->set_failure(failure);
  }
  /// What is known of the values that the op moves to an AnyOut, from all of its AnyIns.
  void tell_range(IndexRange& range, bool& told) const {
    if (!std::is_same_v<T, AnyIn> || !operand || operand.dtype != DType::Int32) return;
    const IndexRange& own = storage->range;
    range = told ? IndexRange{range.known && own.known, std::min(range.least, own.least),
                              std::max(range.greatest, own.greatest)}
                 : own;
    told = true;
  }
  void take_range(const IndexRange& range) const {
    if (std::is_same_v<T, AnyOut> && operand.dtype == DType::Int32 && whole()) storage->range = range;
  }
  int64_t written() const { return Of::kWrites ? operand.count : 0; }
  int64_t elements() const { return operand.count; }
  const T& get() const { return operand; }
};

template <class T>
struct ListArgument {
  using Member = OperandArgument<std::conditional_t<std::is_same_v<T, Ins>, In, Kept>>;
  static constexpr uint32_t kMaxList = 1 << 20;
  std::unique_ptr<double[]> handles;  // until they are bound
  std::unique_ptr<Member[]> arguments;
  std::unique_ptr<Operand[]> operands;
  T list;

  void read(CallContext& call, napi_value value) {
    bool is_array = false;
    uint32_t length = 0;
    napi_is_array(call.env, value, &is_array);
    if (!is_array || napi_get_array_length(call.env, value, &length) != napi_ok || length > kMaxList)
      throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected %s to be an array of at most %u tensor handles",
                 call.op, call.name(), kMaxList);
    handles = std::make_unique<double[]>(length);
    arguments = std::make_unique<Member[]>(length);
    operands = std::make_unique<Operand[]>(length);
    for (uint32_t i = 0; i < length; ++i) {
      napi_value item;
      if (napi_get_element(call.env, value, i, &item) != napi_ok)
        throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected %s to be an array of tensor handles", call.op,
                   call.name());
      handles[i] = read_number(call, item);
    }
    static_cast<Many&>(list) = {operands.get(), static_cast<int64_t>(length)};
  }
  void bind(CallContext& call, napi_value) {
    for (int64_t i = 0; i < list.length; ++i) {
      arguments[i].bind(call, handles[i]);
      operands[i] = arguments[i].operand;
    }
    handles.reset();
  }

  const FailurePtr* failure() const {
    for (int64_t i = 0; i < list.length; ++i)
      if (auto* failed = arguments[i].failure()) return failed;
    return nullptr;
  }
  void tell_range(IndexRange&, bool&) const {}
  void take_range(const IndexRange&) const {}
  void finish(const FailurePtr& failure, bool ran) const {
    for (int64_t i = 0; i < list.length; ++i) arguments[i].finish(failure, ran);
  }
  int64_t written() const {
    int64_t total = 0;
    for (int64_t i = 0; i < list.length; ++i) total += arguments[i].written();
    return total;
  }
  int64_t elements() const {
    int64_t total = 0;
    for (int64_t i = 0; i < list.length; ++i) total += arguments[i].elements();
    return total;
  }
  const T& get() const { return list; }
};

template <class T>
using ArgumentOf = std::conditional_t<std::is_base_of_v<Operand, T>, OperandArgument<T>,
                                      std::conditional_t<std::is_base_of_v<Many, T>, ListArgument<T>, Argument<T>>>;

}  // namespace convcore
