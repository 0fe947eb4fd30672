#include <cmath>
#include <initializer_list>

#include "channels.h"
#include "kernels.h"

namespace convcore::cpu::ISA {
namespace {

/// Mean, inverse deviation and y of samples of one position, whose groups are rows of neighbours.
template <class T>
void normalize_rows(const Groups& p, double eps, const T* x, const T* weight, const T* bias, T* y, T* mean,
                    double* variance, T* inv_std) {
  const int64_t width = p.width();
  parallel_range(p.statistics(), at_least_one(kGrain / at_least_one(width)), [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s) {
      const T* from = x + s * width;
      T* __restrict to = y + s * width;
      const int64_t first = s % p.groups * width;
      const double count = static_cast<double>(at_least_one(width));
      const T center = static_cast<T>(row_sum(width, [&](int64_t i) { return from[i]; }) / count);
      mean[s] = center;
      variance[s] = row_sum(width, [&](int64_t i) { return (from[i] - center) * (from[i] - center); }) / count;
      const T factor = inv_std[s] = static_cast<T>(1 / std::sqrt(variance[s] + eps));
      for (int64_t i = 0; i < width; ++i) to[i] = (from[i] - center) * factor;
      if (weight)
        for (int64_t i = 0; i < width; ++i) to[i] *= weight[first + i];
      if (bias)
        for (int64_t i = 0; i < width; ++i) to[i] += bias[first + i];
    }
  });
}

/// Mean and variance of samples of several positions: moments of each channel, merged over the group (Chan, Golub,
/// LeVeque: "Updating formulae and a pairwise algorithm for computing sample variances", 1979).
template <class T>
void column_moments(const Groups& p, const T* x, T* mean, double* variance) {
  const WideRows wide(p.positions, p.channels);
  const int64_t size = p.positions * p.channels, width = p.width(), columns = p.n * p.channels;
  const Scratch shifts(p.n * wide.width() * int64_t{sizeof(T)}), moments(2 * columns * int64_t{sizeof(double)});
  T* shift = shifts.as<T>();
  double *means = moments.as<double>(), *squares = means + columns;
  parallel_range(p.n, at_least_one(kGrain / at_least_one(16 * p.channels)), [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      rough_mean(wide, x + o * size, shift + o * wide.width());
      repeat(wide, shift + o * wide.width());
    }
  });
  const double count = static_cast<double>(at_least_one(p.positions));
  auto terms = [&](int64_t o, int64_t i, int64_t c, T(&t)[2]) {
    const T d = x[o * size + i] - shift[o * wide.width() + c];
    t[0] = d;
    t[1] = d * d;
  };
  column_sums<T, 2>(p.n, p.positions, p.channels, terms, [&](int64_t o, int64_t c, const double(&s)[2]) {
    const double delta = s[0] / count, square = s[1] - s[0] * delta;
    means[o * p.channels + c] = shift[o * wide.width() + c] + delta;
    squares[o * p.channels + c] = square < 0 ? 0 : square;
  });
  parallel_range(p.statistics(), at_least_one(kGrain / at_least_one(width)), [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s) {
      const double *m = means + s * width, *q = squares + s * width,
                   channels = static_cast<double>(at_least_one(width));
      const double center = row_sum(width, [&](int64_t i) { return m[i]; }) / channels;
      const double spread = row_sum(width, [&](int64_t i) { return (m[i] - center) * (m[i] - center); });
      mean[s] = static_cast<T>(center);
      variance[s] = (row_sum(width, [&](int64_t i) { return q[i]; }) / count + spread) / channels;
    }
  });
}

/// y = (x − mean) · inv_std · weight + bias of samples of several positions.
template <class T>
void normalize_columns(const Groups& p, const T* x, const T* weight, const T* bias, T* __restrict y, const T* mean,
                       const T* inv_std) {
  const WideRows wide(p.positions, p.channels);
  const int64_t size = p.positions * p.channels, width = wide.width();
  const Scratch scratch((2 * p.n + 1) * width * int64_t{sizeof(T)});
  T *center = scratch.as<T>(), *factor = center + p.n * width, *offset = factor + p.n * width;
  for (int64_t c = 0; c < p.channels; ++c) offset[c] = bias ? bias[c] : T(0);
  repeat(wide, offset);
  for (int64_t o = 0; o < p.n; ++o) {
    for (int64_t c = 0; c < p.channels; ++c) {
      const int64_t s = o * p.groups + c / p.width();
      center[o * width + c] = mean[s];
      factor[o * width + c] = weight ? inv_std[s] * weight[c] : inv_std[s];
    }
    repeat(wide, center + o * width);
    repeat(wide, factor + o * width);
  }
  for_each_element(p.n, wide, [&](int64_t o, int64_t i, int64_t c) {
    y[o * size + i] = (x[o * size + i] - center[o * width + c]) * factor[o * width + c] + offset[c];
  });
}

/// Where each channel is a group: moves the running statistics towards the mean over the samples of theirs, the
/// variances unbiased.
template <class T>
void move_running(const Groups& p, double momentum, const T* mean, const double* variance, T* running_mean,
                  T* running_var) {
  if (p.n == 0 || p.groups != p.channels) return;
  const double samples = static_cast<double>(p.n), count = static_cast<double>(p.positions);
  for (int64_t c = 0; c < p.channels; ++c) {
    double center = 0, spread = 0;
    for (int64_t o = 0; o < p.n; ++o) center += mean[o * p.channels + c], spread += variance[o * p.channels + c];
    auto move = [&](T* running, double now) {
      if (running) running[c] = static_cast<T>((1 - momentum) * running[c] + momentum * now);
    };
    move(running_mean, center / samples);
    move(running_var, spread / samples * (count / (count - 1)));
  }
}

}  // namespace

void group_norm(const Groups& p, double eps, double momentum, In x, OptWideIn weight, OptWideIn bias,
                OptWideInOut running_mean, OptWideInOut running_var, Out y, WideOut mean, WideOut inv_std) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Scratch scratch(p.statistics() * int64_t{sizeof(double)});
    double* variance = scratch.as<double>();
    if (p.positions == 1) {
      normalize_rows(p, eps, x.as<T>(), weight.as<T>(), bias.as<T>(), y.as<T>(), mean.as<T>(), variance,
                     inv_std.as<T>());
    } else {
      column_moments(p, static_cast<const T*>(x.as<T>()), mean.as<T>(), variance);
      for (int64_t s = 0; s < p.statistics(); ++s)
        inv_std.as<T>()[s] = static_cast<T>(1 / std::sqrt(variance[s] + eps));
      normalize_columns(p, x.as<T>(), weight.as<T>(), bias.as<T>(), y.as<T>(), mean.as<T>(), inv_std.as<T>());
    }
    move_running(p, momentum, static_cast<const T*>(mean.as<T>()), variance, running_mean.as<T>(), running_var.as<T>());
  });
}

// With x̂ = (x − mean) · inv_std and g = weight · dy over the m elements of a group: dweight = Σ dy·x̂, dbias = Σ dy, and
// dx = inv_std · (g − Σ g / m − x̂ · Σ g·x̂ / m).
namespace {

template <class T>
void backward_rows(const Groups& p, const T* x, const T* dy, const T* weight, const T* mean, const T* inv_std, T* dx) {
  const int64_t width = p.width();
  parallel_range(p.statistics(), at_least_one(kGrain / at_least_one(width)), [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s) {
      const T *from = x + s * width, *gradient = dy + s * width,
              *scale = weight ? weight + s % p.groups * width : nullptr;
      T* __restrict to = dx + s * width;
      const T center = mean[s], factor = inv_std[s];
      const double inverse = factor, count = static_cast<double>(at_least_one(width));
      auto g = [&](int64_t i) { return scale ? gradient[i] * scale[i] : gradient[i]; };
      const T level = static_cast<T>(row_sum(width, g) / count);
      const double dot = row_sum(width, [&](int64_t i) { return g(i) * (from[i] - center); });
      const T slope = static_cast<T>(dot * inverse * inverse / count);
      for (int64_t i = 0; i < width; ++i) to[i] = (g(i) - level - (from[i] - center) * slope) * factor;
    }
  });
}

/// dx of samples of several positions, where sums[k] has Σ dy and Σ dy · (x − mean) of sample and channel k.
template <class T>
void backward_columns(const Groups& p, const T* x, const T* dy, const T* weight, const T* mean, const T* inv_std,
                      const double (*sums)[2], T* __restrict dx) {
  const WideRows wide(p.positions, p.channels);
  const int64_t size = p.positions * p.channels, width = wide.width();
  const Scratch scratch(4 * p.n * width * int64_t{sizeof(T)});
  T *center = scratch.as<T>(), *factor = center + p.n * width, *slope = factor + p.n * width,
    *level = slope + p.n * width;
  const double count = static_cast<double>(at_least_one(p.positions * p.width()));
  parallel_range(p.n, at_least_one(kGrain / at_least_one(8 * width)), [&](int64_t begin, int64_t end) {
    for (int64_t s = begin * p.groups; s < end * p.groups; ++s) {
      const int64_t o = s / p.groups, first = s % p.groups * p.width(), inner = p.width();
      const double(*sum)[2] = sums + o * p.channels + first, inverse = inv_std[s];
      auto scale = [&](int64_t i) { return weight ? double{weight[first + i]} : 1.0; };
      const double total = row_sum(inner, [&](int64_t i) { return scale(i) * sum[i][0]; });
      const double dot = row_sum(inner, [&](int64_t i) { return scale(i) * sum[i][1]; });
      for (int64_t i = 0, at = o * width + first; i < inner; ++i, ++at) {
        center[at] = mean[s];
        factor[at] = static_cast<T>(scale(i) * inverse);
        slope[at] = static_cast<T>(dot * inverse * inverse * inverse / count);
        level[at] = static_cast<T>(total * inverse / count);
      }
    }
    for (int64_t o = begin; o < end; ++o)
      for (T* values : {center, factor, slope, level}) repeat(wide, values + o * width);
  });
  for_each_element(p.n, wide, [&](int64_t o, int64_t i, int64_t c) {
    const int64_t e = o * size + i, k = o * width + c;
    dx[e] = dy[e] * factor[k] - level[k] - (x[e] - center[k]) * slope[k];
  });
}

/// dbias and dweight: the sums over the samples of what terms(k, s, t) puts into t for sample and channel k, whose
/// group is s.
template <class T, class Terms>
[[gnu::always_inline]] inline void sum_samples(const Groups& p, Terms terms, T* dweight, T* dbias) {
  const int64_t channels = p.channels, block = at_least_one(kGrain / at_least_one(channels));
  const int64_t blocks = divide_up(p.n, block);
  const Scratch scratch(2 * blocks * channels * int64_t{sizeof(double)});
  auto* partial = scratch.as<double[2]>();  // [blocks, channels]
  parallel_range(blocks, 1, [&](int64_t b, int64_t) {
    auto* sums = partial + b * channels;
    for (int64_t c = 0; c < channels; ++c) sums[c][0] = sums[c][1] = 0;
    for (int64_t s = b * block * p.groups; s < lesser(p.n, (b + 1) * block) * p.groups; ++s)
      for (int64_t i = 0, first = s % p.groups * p.width(); i < p.width(); ++i) {
        double t[2];
        terms(s * p.width() + i, s, t);
        sums[first + i][0] += t[0];
        sums[first + i][1] += t[1];
      }
  });
  for (int64_t c = 0; c < channels; ++c) {
    double s[2] = {};
    for (int64_t b = 0; b < blocks; ++b) s[0] += partial[b * channels + c][0], s[1] += partial[b * channels + c][1];
    if (dbias) dbias[c] = static_cast<T>(s[0]);
    if (dweight) dweight[c] = static_cast<T>(s[1]);
  }
}

template <class T>
void backward(const Groups& p, const T* x, const T* dy, const T* weight, const T* mean, const T* inv_std, T* dx,
              T* dweight, T* dbias) {
  if (p.positions == 1) {
    if (dx) backward_rows(p, x, dy, weight, mean, inv_std, dx);
    if (!dweight && !dbias) return;
    auto terms = [&](int64_t k, int64_t s, double(&t)[2]) {
      t[0] = dy[k];
      t[1] = dy[k] * ((x[k] - mean[s]) * inv_std[s]);
    };
    return sum_samples(p, terms, dweight, dbias);
  }
  const WideRows wide(p.positions, p.channels);
  const int64_t size = p.positions * p.channels, width = wide.width();
  const Scratch sums(2 * p.n * p.channels * int64_t{sizeof(double)}), centers(p.n * width * int64_t{sizeof(T)});
  auto* sum = sums.as<double[2]>();
  T* center = centers.as<T>();
  for (int64_t o = 0; o < p.n; ++o) {
    for (int64_t c = 0; c < p.channels; ++c) center[o * width + c] = mean[o * p.groups + c / p.width()];
    repeat(wide, center + o * width);
  }
  auto terms = [&](int64_t o, int64_t i, int64_t c, T(&t)[2]) {
    t[0] = dy[o * size + i];
    t[1] = t[0] * (x[o * size + i] - center[o * width + c]);
  };
  column_sums<T, 2>(p.n, p.positions, p.channels, terms, [&](int64_t o, int64_t c, const double(&s)[2]) {
    for (int k = 0; k < 2; ++k) sum[o * p.channels + c][k] = s[k];
  });
  if (dx) backward_columns(p, x, dy, weight, mean, inv_std, sum, dx);
  if (!dweight && !dbias) return;
  auto of_sample = [&](int64_t k, int64_t s, double(&t)[2]) {
    t[0] = sum[k][0];
    t[1] = sum[k][1] * inv_std[s];
  };
  sum_samples(p, of_sample, dweight, dbias);
}

}  // namespace

void group_norm_backward(const Groups& p, In x, In dy, OptWideIn weight, WideIn mean, WideIn inv_std, OptOut dx,
                         OptWideOut dweight, OptWideOut dbias) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    backward<T>(p, x.as<T>(), dy.as<T>(), weight.as<T>(), mean.as<T>(), inv_std.as<T>(), dx.as<T>(), dweight.as<T>(),
                dbias.as<T>());
  });
}

}  // namespace convcore::cpu::ISA
