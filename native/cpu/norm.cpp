#include <cmath>
#include <initializer_list>

#include "channels.h"
#include "kernels.h"

namespace convcore::cpu::ISA {
namespace {

/// y = (x − mean) · inv_std · weight + bias, or its positive part
template <class T>
void normalize(const WideRows& rows, bool relu, const T* x, const T* weight, const T* bias, const T* mean,
               const T* inv_std, T* __restrict y) {
  const int64_t width = rows.width();
  const Scratch scratch(3 * width * int64_t{sizeof(T)});
  T *center = scratch.as<T>(), *factor = center + width, *offset = factor + width;
  for (int64_t c = 0; c < rows.inner; ++c) {
    center[c] = mean[c];
    factor[c] = weight ? inv_std[c] * weight[c] : inv_std[c];
    offset[c] = bias ? bias[c] : T(0);
  }
  for (T* values : {center, factor, offset}) repeat(rows, values);
  auto value = [&](int64_t i, int64_t c) { return (x[i] - center[c]) * factor[c] + offset[c]; };
  if (!relu) return for_each_element(1, rows, [&](int64_t, int64_t i, int64_t c) { y[i] = value(i, c); });
  for_each_element(1, rows, [&](int64_t, int64_t i, int64_t c) {
    const T v = value(i, c);
    y[i] = v <= 0 ? T(0) : v;
  });
}

}  // namespace

void batch_norm(int64_t rows, int64_t channels, double eps, double momentum, int64_t relu, In x, OptWideIn weight,
                OptWideIn bias, OptWideInOut running_mean, OptWideInOut running_var, Out y, WideOut mean,
                WideOut inv_std) {
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
    normalize(wide, relu, from, weight.as<T>(), bias.as<T>(), mean.as<T>(), inv_std.as<T>(), y.as<T>());
  });
}

void batch_norm_inference(int64_t rows, int64_t channels, double eps, int64_t relu, In x, OptWideIn weight,
                          OptWideIn bias, WideIn running_mean, WideIn running_var, Out y, WideOut inv_std) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (int64_t c = 0; c < channels; ++c)
      inv_std.as<T>()[c] = static_cast<T>(1 / std::sqrt(running_var.as<T>()[c] + eps));
    normalize(WideRows(rows, channels), relu, x.as<T>(), weight.as<T>(), bias.as<T>(), running_mean.as<T>(),
              inv_std.as<T>(), y.as<T>());
  });
}

namespace {

// With x̂ = (x − mean) · inv_std: dweight = Σ dy·x̂, dbias = Σ dy, and
// dx = weight · inv_std · (dy − dbias / rows − x̂ · dweight / rows), where statistics that are not the batch's own
// leave the first term alone. `gradient` tells dy of element i.
template <class T, class Gradient>
void backward(int64_t rows, int64_t channels, int64_t training, In x, Gradient gradient, OptWideIn weight, WideIn mean,
              WideIn inv_std, OptOut dx, OptWideOut dweight, OptWideOut dbias) {
  const T* from = x.as<T>();
  T* __restrict to = dx.as<T>();
  const WideRows wide(rows, channels);
  const int64_t width = wide.width();
  const Scratch scratch(4 * width * int64_t{sizeof(T)});
  T *center = scratch.as<T>(), *factor = center + width, *slope = factor + width, *level = slope + width;
  for (int64_t c = 0; c < channels; ++c) {
    center[c] = mean.as<T>()[c];
    factor[c] = weight ? inv_std.as<T>()[c] * weight.as<T>()[c] : inv_std.as<T>()[c];
  }
  for (T* values : {center, factor}) repeat(wide, values);

  if (dweight || dbias || (dx && training)) {
    auto terms = [&](int64_t, int64_t i, int64_t c, T(&t)[2]) {
      t[0] = gradient(i);
      t[1] = t[0] * (from[i] - center[c]);
    };
    column_sums<T, 2>(1, rows, channels, terms, [&](int64_t, int64_t c, const double(&s)[2]) {
      const double inv = inv_std.as<T>()[c], count = static_cast<double>(at_least_one(rows));
      if (dweight) dweight.as<T>()[c] = static_cast<T>(s[1] * inv);
      if (dbias) dbias.as<T>()[c] = static_cast<T>(s[0]);
      level[c] = static_cast<T>(s[0] / count);
      slope[c] = static_cast<T>(s[1] * inv * inv / count);
    });
  }
  if (!dx) return;
  if (!training)
    return for_each_element(1, wide, [&](int64_t, int64_t i, int64_t c) { to[i] = gradient(i) * factor[c]; });
  for (T* values : {slope, level}) repeat(wide, values);
  for_each_element(1, wide, [&](int64_t, int64_t i, int64_t c) {
    to[i] = (gradient(i) - level[c] - (from[i] - center[c]) * slope[c]) * factor[c];
  });
}

}  // namespace

void batch_norm_backward(int64_t rows, int64_t channels, int64_t training, In x, OptIn y, In dy, OptWideIn weight,
                         WideIn mean, WideIn inv_std, OptOut dx, OptWideOut dweight, OptWideOut dbias) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *gradient = dy.as<T>(), *result = y.as<T>();
    auto plain = [gradient](int64_t i) { return gradient[i]; };
    // Both are loaded first: a load under a condition is a branch, mispredicted every other time.
    auto through_relu = [gradient, result](int64_t i) {
      const T g = gradient[i];
      return result[i] <= 0 ? T(0) : g;
    };
    if (y)
      backward<T>(rows, channels, training, x, through_relu, weight, mean, inv_std, dx, dweight, dbias);
    else
      backward<T>(rows, channels, training, x, plain, weight, mean, inv_std, dx, dweight, dbias);
  });
}

}  // namespace convcore::cpu::ISA
