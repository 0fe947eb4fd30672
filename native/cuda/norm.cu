#include "kernels.h"
#include "reduction.h"

namespace convcore::cuda {
namespace {

/// Count, mean and sum of squared distances from it (Welford: "Note on a method for calculating corrected sums of
/// squares and products", 1962; merged as in Chan, Golub, LeVeque, 1979).
template <class C>
struct Moments {
  C count, mean, squares;  // no initialiser, since shared memory has none: Moments{} is empty

  __device__ void add(C x) {
    count += 1;
    const C distance = x - mean;
    mean += distance / count;
    squares += distance * (x - mean);
  }
  __device__ void merge(const Moments& other) {
    if (other.count == 0) return;
    const C total = count + other.count, distance = other.mean - mean, weight = other.count / total;
    squares += other.squares + distance * distance * count * weight;
    mean += distance * weight;
    count = total;
  }
};

template <class T>
struct Observe {
  const T* x;
  __device__ void operator()(int64_t i, int64_t, Moments<Compute<T>>& moments) const { moments.add(load(x[i])); }
};

/// What batch_norm keeps of a channel's moments.
template <class C>
struct Keep {
  double eps, momentum;
  C *running_mean, *running_var, *mean, *inv_std;

  __device__ void operator()(int64_t, int64_t c, const Moments<C>& m) const {
    const C count = m.count > 0 ? m.count : C(1);
    mean[c] = m.mean;
    inv_std[c] = static_cast<C>(1 / ::sqrt(static_cast<double>(m.squares / count) + eps));
    if (m.count == 0) return;
    if (running_mean) running_mean[c] = static_cast<C>((1 - momentum) * running_mean[c] + momentum * m.mean);
    if (running_var)
      running_var[c] = static_cast<C>((1 - momentum) * running_var[c] + momentum * (m.squares / (m.count - 1)));
  }
};

/// y = (x − center) · factor + offset, or what backward makes of it, with one set of numbers per channel.
template <class C>
struct Affine {
  const C *mean, *inv_std, *weight, *bias;
  template <class T>
  __device__ T operator()(int64_t c, T x) const {
    const C factor = weight ? inv_std[c] * weight[c] : inv_std[c];
    return store<T>((load(x) - mean[c]) * factor + (bias ? bias[c] : C(0)));
  }
};

template <class C>
struct AffineBackward {
  const C *mean, *inv_std, *weight, *slope, *level;  // the last two are null where the statistics are not the batch's
  template <class T>
  __device__ T operator()(int64_t c, T x, T dy) const {
    const C factor = weight ? inv_std[c] * weight[c] : inv_std[c], gradient = load(dy);
    return store<T>(slope ? (gradient - level[c] - (load(x) - mean[c]) * slope[c]) * factor : gradient * factor);
  }
};

template <class T, class F>
__global__ void per_channel(int64_t n, int64_t channels, F f, const T* x, T* y) {
  for_each(n, [&](int64_t i) { y[i] = f(i % channels, x[i]); });
}
template <class T, class F>
__global__ void per_channel_vectors(int64_t n, int64_t channels, F f, const T* x, T* y) {
  for_each(n, [&](int64_t i) {
    constexpr int width = Vector<T>::kWidth;
    Vector<T> v = reinterpret_cast<const Vector<T>*>(x)[i];
    const int64_t c = i * width % channels;
    for (int j = 0; j < width; ++j) v.v[j] = f(c + j, v.v[j]);
    reinterpret_cast<Vector<T>*>(y)[i] = v;
  });
}
template <class T, class F>
__global__ void per_channel_pairs(int64_t n, int64_t channels, F f, const T* x, const T* dy, T* dx) {
  for_each(n, [&](int64_t i) { dx[i] = f(i % channels, x[i], dy[i]); });
}
template <class T, class F>
__global__ void per_channel_pair_vectors(int64_t n, int64_t channels, F f, const T* x, const T* dy, T* dx) {
  for_each(n, [&](int64_t i) {
    constexpr int width = Vector<T>::kWidth;
    Vector<T> v = reinterpret_cast<const Vector<T>*>(x)[i];
    const Vector<T> g = reinterpret_cast<const Vector<T>*>(dy)[i];
    const int64_t c = i * width % channels;
    for (int j = 0; j < width; ++j) v.v[j] = f(c + j, v.v[j], g.v[j]);
    reinterpret_cast<Vector<T>*>(dx)[i] = v;
  });
}

template <class T, class F>
void apply(int64_t rows, int64_t channels, F f, const T* x, T* y) {
  const int64_t n = rows * channels, vectors = n / Vector<T>::kWidth;
  if (channels % Vector<T>::kWidth == 0 && aligned(x, y))
    launch(per_channel_vectors<T, F>, blocks_for(vectors), kThreads, 0, vectors, channels, f, x, y);
  else
    launch(per_channel<T, F>, blocks_for(n), kThreads, 0, n, channels, f, x, y);
}

template <class T, class F>
void apply(int64_t rows, int64_t channels, F f, const T* x, const T* dy, T* dx) {
  const int64_t n = rows * channels, vectors = n / Vector<T>::kWidth;
  if (channels % Vector<T>::kWidth == 0 && aligned(x, dy, dx))
    launch(per_channel_pair_vectors<T, F>, blocks_for(vectors), kThreads, 0, vectors, channels, f, x, dy, dx);
  else
    launch(per_channel_pairs<T, F>, blocks_for(n), kThreads, 0, n, channels, f, x, dy, dx);
}

template <class C>
__global__ void inverse_deviation(int64_t channels, double eps, const C* var, C* inv_std) {
  for_each(channels, [&](int64_t c) { inv_std[c] = static_cast<C>(1 / ::sqrt(static_cast<double>(var[c]) + eps)); });
}

/// Σ dy and Σ dy · (x − mean)
template <class T>
struct Slopes {
  const T *x, *dy;
  const Compute<T>* mean;
  __device__ void operator()(int64_t i, int64_t c, Sums<Compute<T>, 2>& sums) const {
    const Compute<T> gradient = load(dy[i]);
    sums.s[0] += gradient;
    sums.s[1] += gradient * (load(x[i]) - mean[c]);
  }
};

template <class C>
struct KeepSlopes {
  C count;
  const C* inv_std;
  C *dweight, *dbias, *slope, *level;
  __device__ void operator()(int64_t, int64_t c, const Sums<C, 2>& sums) const {
    const C inverse = inv_std[c];
    if (dweight) dweight[c] = sums.s[1] * inverse;
    if (dbias) dbias[c] = sums.s[0];
    level[c] = sums.s[0] / count;
    slope[c] = sums.s[1] * inverse * inverse / count;
  }
};

}  // namespace

void batch_norm(int64_t rows, int64_t channels, double eps, double momentum, In x, OptWideIn weight, OptWideIn bias,
                OptWideInOut running_mean, OptWideInOut running_var, Out y, WideOut mean, WideOut inv_std) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const T* from = x.as<T>();
    column_reduction<Moments<C>>(
        1, rows, channels, Observe<T>{from},
        Keep<C>{eps, momentum, running_mean.as<C>(), running_var.as<C>(), mean.as<C>(), inv_std.as<C>()});
    apply(rows, channels, Affine<C>{mean.as<C>(), inv_std.as<C>(), weight.as<C>(), bias.as<C>()}, from, y.as<T>());
  });
}

void batch_norm_inference(int64_t rows, int64_t channels, double eps, In x, OptWideIn weight, OptWideIn bias,
                          WideIn running_mean, WideIn running_var, Out y, WideOut inv_std) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    launch(inverse_deviation<C>, blocks_for(channels), kThreads, 0, channels, eps, running_var.as<C>(),
           inv_std.as<C>());
    apply(rows, channels, Affine<C>{running_mean.as<C>(), inv_std.as<C>(), weight.as<C>(), bias.as<C>()},
          static_cast<const T*>(x.as<T>()), y.as<T>());
  });
}

// With x̂ = (x − mean) · inv_std: dweight = Σ dy·x̂, dbias = Σ dy, and
// dx = weight · inv_std · (dy − dbias / rows − x̂ · dweight / rows), where statistics that are not the batch's own
// leave the first term alone.
void batch_norm_backward(int64_t rows, int64_t channels, int64_t training, In x, In dy, OptWideIn weight, WideIn mean,
                         WideIn inv_std, OptOut dx, OptWideOut dweight, OptWideOut dbias) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const T *from = x.as<T>(), *gradient = dy.as<T>();
    const Scratch scratch(2 * channels * static_cast<int64_t>(sizeof(C)));
    C *slope = scratch.as<C>(), *level = slope + channels;
    if (dweight || dbias || (dx && training))
      column_reduction<Sums<C, 2>>(1, rows, channels, Slopes<T>{from, gradient, mean.as<C>()},
                                   KeepSlopes<C>{static_cast<C>(rows > 0 ? rows : 1), inv_std.as<C>(), dweight.as<C>(),
                                                 dbias.as<C>(), slope, level});
    if (dx)
      apply(rows, channels,
            AffineBackward<C>{mean.as<C>(), inv_std.as<C>(), weight.as<C>(), training ? slope : nullptr,
                              training ? level : nullptr},
            from, gradient, dx.as<T>());
  });
}

}  // namespace convcore::cuda
