// Turns a kernel signature into a Node-API function: reads the arguments, checks every operand against ops.def,
// enqueues the call on the operands' device. Nothing here knows any op.
#pragma once
#include <array>
#include <tuple>

#include "arguments.h"

namespace convcore {

template <class Signature>
struct Call;

template <class... Parameters>
struct Call<void(Parameters...)> {
  using Function = void (*)(Parameters...);
  static constexpr size_t kArity = sizeof...(Parameters);

  const char* op;
  Function kernel;
  Device* device;
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
    check(call, counts.data(), Indices{});
  }

  /// Whether to compute it takes no longer than to hand it to another thread, whatever the op.
  bool small() const {
    constexpr int64_t kSmall = 512;  // elements of all operands together
    return std::apply([](const auto&... argument) { return (argument.elements() + ...); }, arguments) <= kSmall;
  }

  /// Runs on the stream. A failed input, or an exception, poisons what the op would have written. An op with nothing to
  /// write is not run.
  void operator()() noexcept {
    FailurePtr failure;
    int64_t written = 0;
    std::apply([&](auto&... argument) { ((take_failure(argument, failure), written += argument.written()), ...); },
               arguments);
    bool ran = !failure && written > 0;
    if (ran) {
      try {
        device->enter();
        with(kernel);
      } catch (const std::bad_alloc&) {
        failure = std::make_shared<Failure>(Failure{op, "out of memory for temporary data"});
      } catch (const std::exception& error) {
        failure = std::make_shared<Failure>(Failure{op, error.what()});
      }
    }
    IndexRange moved;
    bool told = false;
    std::apply([&](auto&... argument) { (argument.tell_range(moved, told), ...); }, arguments);
    std::apply([&](auto&... argument) { (argument.finish(failure, ran), ...); }, arguments);
    if (ran && !failure) std::apply([&](auto&... argument) { (argument.take_range(moved), ...); }, arguments);
  }

 private:
  using Indices = std::index_sequence_for<Parameters...>;

  template <size_t... I>
  void read(CallContext& call, const napi_value* values, std::index_sequence<I...>) {
    ((call.position = I, std::get<I>(arguments).read(call, values[I])), ...);
    // Reading a list may run JavaScript, which may dispose tensors: nothing is bound before all are read.
    ((call.position = I, std::get<I>(arguments).bind(call, values[I])), ...);
  }

  /// What is known of the operands checked so far.
  struct Checked {
    const int64_t* counts;
    Dtypes dtypes;
    const Many* first_list = nullptr;
    struct Range {
      const std::byte *begin, *end;
      bool written, index;
    } ranges[kArity] = {};
    int operands = 0;
  };

  template <size_t... I>
  void check(CallContext& call, const int64_t* counts, std::index_sequence<I...>) {
    Checked checked;
    checked.counts = counts;
    ((call.position = I, check_one(call, checked, std::get<I>(arguments))), ...);
    ((call.position = I, make_one(call, checked.dtypes, counts, std::get<I>(arguments))), ...);
  }
  template <class A>
  static void make_one(CallContext&, const Dtypes&, const int64_t*&, A&) {}
  template <class T>
  static void make_one(CallContext& call, const Dtypes& dtypes, const int64_t*& counts, OperandArgument<T>& argument) {
    argument.make(call, dtypes, *counts++);
  }
  template <class T>
  static void check_one(CallContext&, Checked&, Argument<T>&) {}
  template <class T>
  static void check_one(CallContext& call, Checked& checked, OperandArgument<T>& argument) {
    argument.check(call, checked.dtypes, *checked.counts++);
    const Operand& operand = argument.operand;
    if (!operand) return;
    const std::byte* begin = operand.template as<std::byte>();
    typename Checked::Range range{begin, begin + operand.count * size_of(operand.dtype), KindOf<T>::kWrites,
                                  std::is_same_v<T, IndexIn>};
    // Kernels may read and write one range, element by element, but not two that overlap, nor indices, which were
    // checked before.
    for (int i = 0; i < checked.operands; ++i) {
      const auto& other = checked.ranges[i];
      bool overlap = range.begin < other.end && other.begin < range.end;
      bool same = range.begin == other.begin && range.end == other.end;
      if (overlap && (!same || range.index || other.index) && (range.written || other.written))
        throw_call(CallError::Range, "ERR_ARGUMENT", "%s: expected %s not to overlap another operand", call.op,
                   call.name());
    }
    checked.ranges[checked.operands++] = range;
  }
  template <class T>
  static void check_one(CallContext& call, Checked& checked, ListArgument<T>& argument) {
    const Many*& first = checked.first_list;
    if (!first) first = &argument.list;
    int64_t length = argument.list.length;
    if (length != 0 && length != first->length)
      throw_call(CallError::Range, "ERR_SHAPE", "%s: expected %s to hold %lld tensors, got %lld", call.op, call.name(),
                 static_cast<long long>(first->length), static_cast<long long>(length));
    for (int64_t i = 0; i < length; ++i) argument.arguments[i].check(call, checked.dtypes, (*first)[i].count);
  }

  template <class A>
  static void take_failure(const A& argument, FailurePtr& failure) {
    if (auto* failed = failure ? nullptr : argument.failure()) failure = *failed;
  }
};

}  // namespace convcore
