// A call of a kernel as a step of a recording. Its numbers, which are its arguments other than operands and geometry,
// may change from run to run: a dropout's counter, an optimizer's rate.
#pragma once
#include "binding.h"
#include "step.h"

namespace convcore {

template <class Op, class Signature = typename Op::Signature>
class CallStep;

template <class Op, class... Parameters>
class CallStep<Op, void(Parameters...)> final : public Step {
  using Call = convcore::Call<void(Parameters...)>;
  template <class T>
  static constexpr bool is_number = std::is_same_v<T, int64_t> || std::is_same_v<T, double>;

 public:
  explicit CallStep(Call call) : call_(std::move(call)) {
    struct Hold final : Visitor {
      std::vector<StorageRef>& holds;
      explicit Hold(std::vector<StorageRef>& holds) : holds(holds) {}
      void see(void*&, Storage& storage) override { holds.emplace_back(&storage); }
    } hold(holds_);
    visit(hold);
  }

  void run() noexcept override { call_(); }

  void visit(Visitor& visitor) override {
    std::apply([&](auto&... argument) { (see(visitor, argument), ...); }, call_.arguments);
  }

  int numbers() const override { return (0 + ... + is_number<Parameters>); }

  void check(const double* numbers) const override { check(numbers, std::index_sequence_for<Parameters...>{}); }

  void take(const double* numbers) noexcept override {
    std::apply([&](auto&... argument) { (take_one(numbers, argument), ...); }, call_.arguments);
  }

 private:
  template <class T>
  static void see(Visitor&, Argument<T>&) {}
  template <class T>
  static void see(Visitor& visitor, OperandArgument<T>& argument) {
    if (argument.storage) visitor.see(argument.operand.data, *argument.storage);
  }
  template <class T>
  static void see(Visitor& visitor, ListArgument<T>& argument) {
    for (int64_t i = 0; i < argument.list.length; ++i) {
      see(visitor, argument.arguments[i]);
      argument.operands[i] = argument.arguments[i].operand;
    }
  }

  /// What the call would be made with. Its present numbers are left alone: the stream may be changing them.
  template <size_t... I>
  void check(const double* numbers, std::index_sequence<I...>) const {
    const std::tuple<std::decay_t<Parameters>...> values{value<Parameters>(numbers, std::get<I>(call_.arguments))...};
    const auto counts = std::apply(Op::counts, values);
    const int64_t* expected = counts.data();
    (check_count(expected, std::get<I>(call_.arguments)), ...);
  }
  template <class T, class A>
  static std::decay_t<T> value(const double*& numbers, const A& argument) {
    if constexpr (!is_number<T>)
      return argument.get();
    else {
      const double number = *numbers++;
      if (std::is_same_v<T, int64_t> && !is_whole(number))
        throw_call(CallError::Range, "ERR_ARGUMENT", "%s: expected a whole number, got %g", Op::kName, number);
      return static_cast<T>(number);
    }
  }
  template <class A>
  static void check_count(const int64_t*&, const A&) {}
  template <class T>
  static void check_count(const int64_t*& expected, const OperandArgument<T>& argument) {
    const int64_t count = *expected++;
    if (argument.operand && argument.operand.count != count)
      throw_call(CallError::Range, "ERR_SHAPE", "%s: expected numbers for %lld elements, got some for %lld", Op::kName,
                 static_cast<long long>(argument.operand.count), static_cast<long long>(count));
  }

  template <class A>
  static void take_one(const double*&, A&) {}
  static void take_one(const double*& numbers, Argument<double>& argument) { argument.value = *numbers++; }
  static void take_one(const double*& numbers, Argument<int64_t>& argument) {
    argument.value = static_cast<int64_t>(*numbers++);
  }

  Call call_;
  std::vector<StorageRef> holds_;  // calls name storages without holding them
};

}  // namespace convcore
