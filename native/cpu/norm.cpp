#include <cmath>
#include <initializer_list>

#include "channels.h"
#include "kernels.h"

namespace convcore::cpu::ISA {
namespace {

/// What each element of a wide row is normalised by: (x − center) · factor + offset.
template <class T>
struct Affine {
  Affine(const WideRows& rows, const T* weight, const T* bias, const T* mean, const T* inv_std)
      : scratch(3 * rows.width() * int64_t{sizeof(T)}),
        center(scratch.as<T>()),
        factor(center + rows.width()),
        offset(factor + rows.width()) {
    for (int64_t c = 0; c < rows.inner; ++c) {
      center[c] = mean[c];
      factor[c] = weight ? inv_std[c] * weight[c] : inv_std[c];
      offset[c] = bias ? bias[c] : T(0);
    }
    for (T* values : {center, factor, offset}) repeat(rows, values);
  }

  const Scratch scratch;
  T *center, *factor, *offset;
};

/// y = (x − mean) · inv_std · weight + bias + residual, or its positive part
template <class T>
void normalize(const WideRows& rows, bool relu, const T* x, const T* residual, const T* weight, const T* bias,
               const T* mean, const T* inv_std, T* __restrict y) {
  const Affine<T> by(rows, weight, bias, mean, inv_std);
  const T *center = by.center, *factor = by.factor, *offset = by.offset;
  auto write = [&](auto value) {
    if (!relu) return for_each_element(1, rows, [&](int64_t, int64_t i, int64_t c) { y[i] = value(i, c); });
    for_each_element(1, rows, [&](int64_t, int64_t i, int64_t c) {
      const T v = value(i, c);
      y[i] = v <= 0 ? T(0) : v;
    });
  };
  auto value = [=](int64_t i, int64_t c) { return (x[i] - center[c]) * factor[c] + offset[c]; };
  if (residual)
    write([=](int64_t i, int64_t c) { return value(i, c) + residual[i]; });
  else
    write(value);
}

}  // namespace

void batch_norm(int64_t rows, int64_t channels, double eps, double momentum, int64_t relu, In x, OptIn residual,
                OptWideIn weight, OptWideIn bias, OptWideInOut running_mean, OptWideInOut running_var, Out y,
                WideOut mean, WideOut inv_std) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* from = x.as<T>();
    const WideRows wide(rows, channels);
    const Scratch scratch(wide.width() * int64_t{sizeof(T)});
    T* shift = scratch.as<T>();
    rough_mean(wide, from, shift);
    repeat(wide, shift);

    auto terms = [&](int64_t, int64_t i, int64_t c, T(&t)[2]) {
      const T d = from[i] - shift[c];
      t[0] = d;
      t[1] = d * d;
    };
    column_sums<T, 2>(1, rows, channels, terms, [&](int64_t, int64_t c, const double(&s)[2]) {
      const double count = static_cast<double>(at_least_one(rows)), delta = s[0] / count;
      const double batch_mean = shift[c] + delta, squares = s[1] - s[0] * delta;
      const double sum_squares = squares < 0 ? 0 : squares;
      mean.as<T>()[c] = static_cast<T>(batch_mean);
      inv_std.as<T>()[c] = static_cast<T>(1 / std::sqrt(sum_squares / count + eps));
      auto move = [&](T* running, double batch) {
        if (running && rows > 0) running[c] = static_cast<T>((1 - momentum) * running[c] + momentum * batch);
      };
      move(running_mean.as<T>(), batch_mean);
      move(running_var.as<T>(), sum_squares / (count - 1));
    });
    normalize<T>(wide, relu, from, residual.as<T>(), weight.as<T>(), bias.as<T>(), mean.as<T>(), inv_std.as<T>(),
                 y.as<T>());
  });
}

void batch_norm_inference(int64_t rows, int64_t channels, double eps, int64_t relu, In x, OptIn residual,
                          OptWideIn weight, OptWideIn bias, WideIn running_mean, WideIn running_var, Out y,
                          WideOut inv_std) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (int64_t c = 0; c < channels; ++c)
      inv_std.as<T>()[c] = static_cast<T>(1 / std::sqrt(running_var.as<T>()[c] + eps));
    normalize<T>(WideRows(rows, channels), relu, x.as<T>(), residual.as<T>(), weight.as<T>(), bias.as<T>(),
                 running_mean.as<T>(), inv_std.as<T>(), y.as<T>());
  });
}

namespace {

// With x̂ = (x − mean) · inv_std and g the gradient before the ReLU: dweight = Σ g·x̂, dbias = Σ g, and
// dx = weight · inv_std · (g − dbias / rows − x̂ · dweight / rows), where statistics that are not the batch's own leave
// the first term alone. `first` tells g of element i and wide column c, once for each where there are sums to take,
// and `then` tells it for dx.
template <class T, class First, class Then>
void backward(const WideRows& wide, const Affine<T>& by, bool training, bool sums, In x, First first, Then then,
              WideIn inv_std, OptOut dx, OptWideOut dweight, OptWideOut dbias) {
  const T *from = x.as<T>(), *center = by.center, *factor = by.factor;
  T* __restrict to = dx.as<T>();
  const Scratch scratch(2 * wide.width() * int64_t{sizeof(T)});
  T *slope = scratch.as<T>(), *level = slope + wide.width();

  if (sums) {
    auto terms = [&](int64_t, int64_t i, int64_t c, T(&t)[2]) {
      t[0] = first(i, c);
      t[1] = t[0] * (from[i] - center[c]);
    };
    column_sums<T, 2>(1, wide.n, wide.inner, terms, [&](int64_t, int64_t c, const double(&s)[2]) {
      const double inv = inv_std.as<T>()[c], count = static_cast<double>(at_least_one(wide.n));
      if (dweight) dweight.as<T>()[c] = static_cast<T>(s[1] * inv);
      if (dbias) dbias.as<T>()[c] = static_cast<T>(s[0]);
      level[c] = static_cast<T>(s[0] / count);
      slope[c] = static_cast<T>(s[1] * inv * inv / count);
    });
  }
  if (!dx) return;
  if (!training)
    return for_each_element(1, wide, [&](int64_t, int64_t i, int64_t c) { to[i] = then(i, c) * factor[c]; });
  for (T* values : {slope, level}) repeat(wide, values);
  for_each_element(1, wide, [&](int64_t, int64_t i, int64_t c) {
    to[i] = (then(i, c) - level[c] - (from[i] - center[c]) * slope[c]) * factor[c];
  });
}

}  // namespace

void batch_norm_backward(int64_t rows, int64_t channels, int64_t training, int64_t added, In x, OptIn y, In dy,
                         OptWideIn weight, OptWideIn bias, WideIn mean, WideIn inv_std, OptOut dx, OptOut dresidual,
                         OptWideOut dweight, OptWideOut dbias) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const WideRows wide(rows, channels);
    const Affine<T> by(wide, weight.as<T>(), bias.as<T>(), mean.as<T>(), inv_std.as<T>());
    const T *from = x.as<T>(), *gradient = dy.as<T>(), *result = y.as<T>();
    const T *center = by.center, *factor = by.factor, *offset = by.offset;
    const bool sums = dweight || dbias || dresidual || (dx && training);
    auto run = [&](auto first, auto then) {
      backward<T>(wide, by, training, sums, x, first, then, inv_std, dx, dweight, dbias);
    };
    auto plain = [=](int64_t i, int64_t) { return gradient[i]; };
    if (!y) return run(plain, plain);
    // What a condition chooses from is loaded first: a load under it is a branch, mispredicted every other time.
    if (!added) {
      auto again = [=](int64_t i, int64_t c) {  // y, which need not be read
        const T g = gradient[i], v = (from[i] - center[c]) * factor[c] + offset[c];
        return v <= 0 ? T(0) : g;
      };
      return run(again, again);
    }
    auto through_relu = [=](int64_t i, int64_t) {
      const T g = gradient[i];
      return result[i] <= 0 ? T(0) : g;
    };
    if (!dresidual) return run(through_relu, through_relu);
    T* kept = dresidual.as<T>();
    run([=](int64_t i, int64_t c) { return kept[i] = through_relu(i, c); },
        [=](int64_t i, int64_t) { return kept[i]; });
  });
}

}  // namespace convcore::cpu::ISA
