// Turns a kernel signature into a Node-API function: reads the arguments, checks every operand against ops.def,
// enqueues the call on the operands' device. Nothing here knows any op.
#pragma once
#include <array>
#include <cmath>
#include <tuple>

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

  const char* name() const { return names[position]; }

  void same_device(Device* other) {
    if (device && device != other)
      throw_call(CallError::Plain, "ERR_DEVICE",
                 "%s: expected all tensors on one device, got %s on cpu:%d and others on cpu:%d", op, name(),
                 other->index, device->index);
    device = other;
  }
};

inline double read_number(const CallContext& call, napi_value value) {
  double number;
  if (napi_get_value_double(call.env, value, &number) != napi_ok)
    throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected %s to be a number", call.op, call.name());
  return number;
}

inline int64_t to_integer(const CallContext& call, double number) {
  if (!(number >= -0x1p53 && number <= 0x1p53) || number != std::floor(number))
    throw_call(CallError::Range, "ERR_ARGUMENT", "%s: expected %s to be a whole number, got %g", call.op, call.name(),
               number);
  return static_cast<int64_t>(number);
}

// ---- the kinds of operands -------------------------------------------------------------------------------------

enum class Element { Float, Index, Byte, Any, Free };

template <Element element, bool reads, bool writes, bool optional = false>
struct Kind {
  static constexpr Element kElement = element;
  static constexpr bool kReads = reads, kWrites = writes, kOptional = optional;
};
template <class T>
struct KindOf;
// clang-format off
template <> struct KindOf<In>         : Kind<Element::Float, true,  false> {};
template <> struct KindOf<Out>        : Kind<Element::Float, false, true> {};
template <> struct KindOf<InOut>      : Kind<Element::Float, true,  true> {};
template <> struct KindOf<OptIn>      : Kind<Element::Float, true,  false, true> {};
template <> struct KindOf<OptOut>     : Kind<Element::Float, false, true,  true> {};
template <> struct KindOf<OptInOut>   : Kind<Element::Float, true,  true,  true> {};
template <> struct KindOf<IndexIn>    : Kind<Element::Index, true,  false> {};
template <> struct KindOf<IndexOut>   : Kind<Element::Index, false, true> {};
template <> struct KindOf<IndexInOut> : Kind<Element::Index, true,  true> {};
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
    } else if (element != Element::Free) {
      int family = element == Element::Any;
      if (known[family]) {
        fits = dtype == shared[family];
        expected = name_of(shared[family]);
      } else if (element == Element::Float) {
        fits = dtype == DType::Float32 || dtype == DType::Float64;
        expected = "float32 or float64";
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

template <class T>
struct Argument {  // geometry
  std::remove_cv_t<std::remove_reference_t<T>> value;

  void read(CallContext& call, napi_value words) {
    constexpr int kWords = sizeof(value) / sizeof(int64_t);
    static_assert(kWords <= Environment::kStageWords);
    if (read_number(call, words) != kWords)
      throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected %s to be a geometry of %d words", call.op, call.name(),
                 kWords);
    int64_t* fields = reinterpret_cast<int64_t*>(&value);
    for (int i = 0; i < kWords; ++i) fields[i] = to_integer(call, call.environment->stage[i]);
    if (!value.valid())
      throw_call(CallError::Range, "ERR_ARGUMENT", "%s: expected a valid geometry, got an impossible one", call.op);
  }
  const auto& get() const { return value; }
};

template <>
struct Argument<int64_t> {
  int64_t value;
  void read(CallContext& call, napi_value number) { value = to_integer(call, read_number(call, number)); }
  int64_t get() const { return value; }
};

template <>
struct Argument<double> {
  double value;
  void read(CallContext& call, napi_value number) { value = read_number(call, number); }
  double get() const { return value; }
};

template <class T>
struct OperandArgument {
  using Of = KindOf<T>;
  T operand;
  StorageRef storage;
  bool whole = false;  // the operand is all of its storage

  void bind(CallContext& call, double handle) {
    if (Of::kOptional && handle == 0) return;
    TensorSlot& slot = call.environment->find(handle, call.op, call.name());
    call.same_device(slot.storage->device);
    static_cast<Operand&>(operand) = {slot.data(), slot.count, slot.dtype};
    storage = StorageRef(slot.storage);
    whole = slot.count * size_of(slot.dtype) == slot.storage->bytes;
  }
  void read(CallContext& call, napi_value value) { bind(call, read_number(call, value)); }

  void check(CallContext& call, Dtypes& dtypes, int64_t expected) const {
    if (!operand) return;
    if (operand.count != expected)
      throw_call(CallError::Range, "ERR_SHAPE", "%s: expected %s to have %lld elements, got %lld", call.op, call.name(),
                 static_cast<long long>(expected), static_cast<long long>(operand.count));
    dtypes.check(call, Of::kElement, operand.dtype);
  }

  const std::shared_ptr<const Failure>* failure() const {
    return Of::kReads && storage && storage->failure ? &storage->failure : nullptr;
  }
  void finish(const std::shared_ptr<const Failure>& failure) const {
    if (Of::kWrites && storage && (failure || whole)) storage->failure = failure;
  }
  const T& get() const { return operand; }
};

template <class T>
struct ListArgument {
  using Member = OperandArgument<std::conditional_t<std::is_same_v<T, Ins>, In, InOut>>;
  std::unique_ptr<Member[]> arguments;
  std::unique_ptr<Operand[]> operands;
  T list;

  void read(CallContext& call, napi_value value) {
    bool is_array = false;
    uint32_t length = 0;
    napi_is_array(call.env, value, &is_array);
    if (!is_array || napi_get_array_length(call.env, value, &length) != napi_ok)
      throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected %s to be an array of tensor handles", call.op,
                 call.name());
    arguments = std::make_unique<Member[]>(length);
    operands = std::make_unique<Operand[]>(length);
    for (uint32_t i = 0; i < length; ++i) {
      napi_value item;
      if (napi_get_element(call.env, value, i, &item) != napi_ok)
        throw_call(CallError::Type, "ERR_ARGUMENT", "%s: expected %s to be an array of tensor handles", call.op,
                   call.name());
      arguments[i].read(call, item);
      operands[i] = arguments[i].operand;
    }
    static_cast<Many&>(list) = {operands.get(), static_cast<int64_t>(length)};
  }

  const std::shared_ptr<const Failure>* failure() const {
    for (int64_t i = 0; i < list.length; ++i)
      if (auto* failed = arguments[i].failure()) return failed;
    return nullptr;
  }
  void finish(const std::shared_ptr<const Failure>& failure) const {
    for (int64_t i = 0; i < list.length; ++i) arguments[i].finish(failure);
  }
  const T& get() const { return list; }
};

template <class T>
using ArgumentOf = std::conditional_t<std::is_base_of_v<Operand, T>, OperandArgument<T>,
                                      std::conditional_t<std::is_base_of_v<Many, T>, ListArgument<T>, Argument<T>>>;

// ---- a call --------------------------------------------------------------------------------------------------------

template <class Signature>
struct Call;

template <class... Parameters>
struct Call<void(Parameters...)> {
  using Function = void (*)(Parameters...);
  static constexpr size_t kArity = sizeof...(Parameters);

  const char* op;
  Function kernel;
  std::tuple<ArgumentOf<std::remove_cv_t<std::remove_reference_t<Parameters>>>...> arguments;

  void read(CallContext& call, const napi_value* values) { read(call, values, Indices{}); }

  /// Calls f with the arguments as the kernel would get them.
  template <class F>
  auto with(F&& f) const {
    return std::apply([&](const auto&... argument) { return f(argument.get()...); }, arguments);
  }

  /// `counts` are the element counts that ops.def asks of the single operands, in order.
  template <size_t N>
  void check(CallContext& call, const std::array<int64_t, N>& counts) {
    Dtypes dtypes;
    check(call, dtypes, counts.data(), Indices{});
  }

  /// Runs on the stream. A failed input, or an exception, poisons what the op would have written.
  void operator()() noexcept {
    std::shared_ptr<const Failure> failure;
    std::apply([&](auto&... argument) { (take_failure(argument, failure), ...); }, arguments);
    if (!failure) {
      try {
        with(kernel);
      } catch (const std::bad_alloc&) {
        failure = std::make_shared<Failure>(Failure{op, "out of memory for temporary data"});
      } catch (const std::exception& error) {
        failure = std::make_shared<Failure>(Failure{op, error.what()});
      }
    }
    std::apply([&](auto&... argument) { (finish(argument, failure), ...); }, arguments);
  }

 private:
  using Indices = std::index_sequence_for<Parameters...>;

  template <size_t... I>
  void read(CallContext& call, const napi_value* values, std::index_sequence<I...>) {
    ((call.position = I, std::get<I>(arguments).read(call, values[I])), ...);
  }
  template <size_t... I>
  void check(CallContext& call, Dtypes& dtypes, const int64_t* counts, std::index_sequence<I...>) {
    const Many* first = nullptr;
    ((call.position = I, check_one(call, dtypes, std::get<I>(arguments), counts, first)), ...);
  }
  template <class T>
  static void check_one(CallContext&, Dtypes&, Argument<T>&, const int64_t*&, const Many*&) {}
  template <class T>
  static void check_one(CallContext& call, Dtypes& dtypes, OperandArgument<T>& argument, const int64_t*& counts,
                        const Many*&) {
    argument.check(call, dtypes, *counts++);
  }
  template <class T>
  static void check_one(CallContext& call, Dtypes& dtypes, ListArgument<T>& argument, const int64_t*&,
                        const Many*& first) {
    if (!first) first = &argument.list;
    int64_t length = argument.list.length;
    if (length != 0 && length != first->length)
      throw_call(CallError::Range, "ERR_SHAPE", "%s: expected %s to hold %lld tensors, got %lld", call.op, call.name(),
                 static_cast<long long>(first->length), static_cast<long long>(length));
    for (int64_t i = 0; i < length; ++i) argument.arguments[i].check(call, dtypes, (*first)[i].count);
  }
  template <class T>
  static void take_failure(Argument<T>&, std::shared_ptr<const Failure>&) {}
  template <class A>
  static void take_failure(A& argument, std::shared_ptr<const Failure>& failure) {
    if (auto* failed = failure ? nullptr : argument.failure()) failure = *failed;
  }
  template <class T>
  static void finish(Argument<T>&, const std::shared_ptr<const Failure>&) {}
  template <class A>
  static void finish(A& argument, const std::shared_ptr<const Failure>& failure) {
    argument.finish(failure);
  }
};

}  // namespace convcore
