#include "cuda.h"
#include "dnn.h"
#include "fastest.h"
#include "kernels.h"
#include "moments.h"

namespace convcore::cuda {
namespace {

// Of what is timed, beside a convolution's passes (conv.h).
constexpr int64_t kBatchNorm = 100, kBatchNormBackward = 101;

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

/// y = (x − center) · factor + offset + residual, or what backward makes of it, with one set of numbers per channel.
template <class C>
struct Affine {
  const C *mean, *inv_std, *weight, *bias;
  bool relu;
  template <class T>
  __device__ T operator()(int64_t c, T x, T residual) const {
    const C factor = weight ? inv_std[c] * weight[c] : inv_std[c];
    const C y = (load(x) - mean[c]) * factor + (bias ? bias[c] : C(0)) + load(residual);
    return store<T>(relu && y <= 0 ? C(0) : y);
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
__global__ void per_channel(int64_t n, int64_t channels, F f, const T* x, const T* residual, T* y) {
  for_each(n, [&](int64_t i) { y[i] = f(i % channels, x[i], residual ? residual[i] : T(0.0f)); });
}
template <class T, class F>
__global__ void per_channel_vectors(int64_t n, int64_t channels, F f, const T* x, const T* residual, T* y) {
  for_each(n, [&](int64_t i) {
    constexpr int width = Vector<T>::kWidth;
    Vector<T> v = reinterpret_cast<const Vector<T>*>(x)[i], r;
    if (residual)
      r = reinterpret_cast<const Vector<T>*>(residual)[i];
    else
      for (int j = 0; j < width; ++j) r.v[j] = T(0.0f);
    const int64_t c = i * width % channels;
    for (int j = 0; j < width; ++j) v.v[j] = f(c + j, v.v[j], r.v[j]);
    reinterpret_cast<Vector<T>*>(y)[i] = v;
  });
}
/// dy, or what a relu that made y lets through.
template <class T>
__device__ __forceinline__ T through_relu(T y, T dy) {
  return load(y) <= 0 ? T(0.0f) : dy;
}

template <class T, class F>
__global__ void per_channel_pairs(int64_t n, int64_t channels, F f, const T* x, const T* y, const T* dy, T* dx,
                                  T* dresidual) {
  for_each(n, [&](int64_t i) {
    const T g = y ? through_relu(y[i], dy[i]) : dy[i];
    if (dresidual) dresidual[i] = g;
    if (dx) dx[i] = f(i % channels, x[i], g);
  });
}
template <class T, class F>
__global__ void per_channel_pair_vectors(int64_t n, int64_t channels, F f, const T* x, const T* y, const T* dy, T* dx,
                                         T* dresidual) {
  for_each(n, [&](int64_t i) {
    constexpr int width = Vector<T>::kWidth;
    Vector<T> v = reinterpret_cast<const Vector<T>*>(x)[i], g = reinterpret_cast<const Vector<T>*>(dy)[i];
    if (y) {
      const Vector<T> result = reinterpret_cast<const Vector<T>*>(y)[i];
      for (int j = 0; j < width; ++j) g.v[j] = through_relu(result.v[j], g.v[j]);
    }
    if (dresidual) reinterpret_cast<Vector<T>*>(dresidual)[i] = g;
    if (!dx) return;
    const int64_t c = i * width % channels;
    for (int j = 0; j < width; ++j) v.v[j] = f(c + j, v.v[j], g.v[j]);
    reinterpret_cast<Vector<T>*>(dx)[i] = v;
  });
}

template <class T, class F>
void apply(int64_t rows, int64_t channels, F f, const T* x, const T* residual, T* y) {
  const int64_t n = rows * channels, vectors = n / Vector<T>::kWidth;
  if (channels % Vector<T>::kWidth == 0 && aligned(x, residual, y))
    launch(per_channel_vectors<T, F>, blocks_for(vectors), kThreads, 0, vectors, channels, f, x, residual, y);
  else
    launch(per_channel<T, F>, blocks_for(n), kThreads, 0, n, channels, f, x, residual, y);
}

template <class T, class F>
void apply(int64_t rows, int64_t channels, F f, const T* x, const T* y, const T* dy, T* dx, T* dresidual) {
  const int64_t n = rows * channels, vectors = n / Vector<T>::kWidth;
  if (channels % Vector<T>::kWidth == 0 && aligned(x, y, dy, dx, dresidual))
    launch(per_channel_pair_vectors<T, F>, blocks_for(vectors), kThreads, 0, vectors, channels, f, x, y, dy, dx,
           dresidual);
  else
    launch(per_channel_pairs<T, F>, blocks_for(n), kThreads, 0, n, channels, f, x, y, dy, dx, dresidual);
}

template <class C>
__global__ void inverse_deviation(int64_t channels, double eps, const C* var, C* inv_std) {
  for_each(channels, [&](int64_t c) { inv_std[c] = static_cast<C>(1 / ::sqrt(static_cast<double>(var[c]) + eps)); });
}

/// Σ dy and Σ dy · (x − mean)
template <class T>
struct Slopes {
  const T *x, *y, *dy;
  const Compute<T>* mean;
  __device__ void operator()(int64_t i, int64_t c, Sums<Compute<T>, 2>& sums) const {
    const Compute<T> gradient = load(y ? through_relu(y[i], dy[i]) : dy[i]);
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

/// Whether cuDNN is to do it: when it was asked for, or is the faster one by trial.
bool by_cudnn(int64_t kind, int64_t rows, int64_t channels, DType dtype, const std::function<bool()>& ours,
              const std::function<bool()>& cudnn) {
  if (conv_algorithm() == ConvAlgorithm::Cudnn) return true;
  if (!benchmark()) return false;
  return fastest({kind, rows, channels, static_cast<int64_t>(dtype)}, 2,
                 [&](int way) { return way == 0 ? ours() : cudnn(); }) == 1;
}

void normalise(int64_t rows, int64_t channels, double eps, double momentum, int64_t relu, const In& x,
               const OptIn& residual, const OptWideIn& weight, const OptWideIn& bias, const OptWideInOut& running_mean,
               const OptWideInOut& running_var, const Out& y, const WideOut& mean, const WideOut& inv_std) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const T* from = x.as<T>();
    column_reduction<Moments<C>>(
        1, rows, channels, Observe<T>{from},
        Keep<C>{eps, momentum, running_mean.as<C>(), running_var.as<C>(), mean.as<C>(), inv_std.as<C>()});
    apply(rows, channels, Affine<C>{mean.as<C>(), inv_std.as<C>(), weight.as<C>(), bias.as<C>(), relu != 0}, from,
          static_cast<const T*>(residual.as<T>()), y.as<T>());
  });
}

// With x̂ = (x − mean) · inv_std: dweight = Σ dy·x̂, dbias = Σ dy, and
// dx = weight · inv_std · (dy − dbias / rows − x̂ · dweight / rows), where statistics that are not the batch's own
// leave the first term alone.
void backward(int64_t rows, int64_t channels, int64_t training, const In& x, const OptIn& y, const In& dy,
              const OptWideIn& weight, const WideIn& mean, const WideIn& inv_std, const OptOut& dx,
              const OptOut& dresidual, const OptWideOut& dweight, const OptWideOut& dbias) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const T *from = x.as<T>(), *result = y.as<T>(), *gradient = dy.as<T>();
    const Scratch scratch(2 * channels * static_cast<int64_t>(sizeof(C)));
    C *slope = scratch.as<C>(), *level = slope + channels;
    if (dweight || dbias || (dx && training))
      column_reduction<Sums<C, 2>>(1, rows, channels, Slopes<T>{from, result, gradient, mean.as<C>()},
                                   KeepSlopes<C>{static_cast<C>(rows > 0 ? rows : 1), inv_std.as<C>(), dweight.as<C>(),
                                                 dbias.as<C>(), slope, level});
    if (dx || dresidual)
      apply(rows, channels,
            AffineBackward<C>{mean.as<C>(), inv_std.as<C>(), weight.as<C>(), training ? slope : nullptr,
                              training ? level : nullptr},
            from, result, gradient, dx.as<T>(), dresidual.as<T>());
  });
}

}  // namespace

void batch_norm(int64_t rows, int64_t channels, double eps, double momentum, int64_t relu, In x, OptIn residual,
                OptWideIn weight, OptWideIn bias, OptWideInOut running_mean, OptWideInOut running_var, Out y,
                WideOut mean, WideOut inv_std) {
  auto ours = [&](const OptWideInOut& running_mean, const OptWideInOut& running_var) {
    normalise(rows, channels, eps, momentum, relu, x, residual, weight, bias, running_mean, running_var, y, mean,
              inv_std);
    return true;
  };
  auto cudnn = [&](const OptWideInOut& running_mean, const OptWideInOut& running_var) {
    return dnn::batch_norm(rows, channels, eps, momentum, x, weight, bias, running_mean, running_var, y, mean, inv_std);
  };
  // Trials leave the running statistics alone.
  if (!relu && !residual &&
      by_cudnn(
          kBatchNorm, rows, channels, x.dtype, [&] { return ours({}, {}); }, [&] { return cudnn({}, {}); }) &&
      cudnn(running_mean, running_var))
    return;
  ours(running_mean, running_var);
}

void batch_norm_inference(int64_t rows, int64_t channels, double eps, int64_t relu, In x, OptIn residual,
                          OptWideIn weight, OptWideIn bias, WideIn running_mean, WideIn running_var, Out y,
                          WideOut inv_std) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    launch(inverse_deviation<C>, blocks_for(channels), kThreads, 0, channels, eps, running_var.as<C>(),
           inv_std.as<C>());
    apply(rows, channels, Affine<C>{running_mean.as<C>(), inv_std.as<C>(), weight.as<C>(), bias.as<C>(), relu != 0},
          static_cast<const T*>(x.as<T>()), static_cast<const T*>(residual.as<T>()), y.as<T>());
  });
}

// y is read whether or not something was added before the ReLU: rounded to half precision it may be 0 where the sum is
// not.
void batch_norm_backward(int64_t rows, int64_t channels, int64_t training, int64_t, In x, OptIn y, In dy,
                         OptWideIn weight, OptWideIn, WideIn mean, WideIn inv_std, OptOut dx, OptOut dresidual,
                         OptWideOut dweight, OptWideOut dbias) {
  auto ours = [&] {
    backward(rows, channels, training, x, y, dy, weight, mean, inv_std, dx, dresidual, dweight, dbias);
    return true;
  };
  auto cudnn = [&] {
    return dnn::batch_norm_backward(rows, channels, x, dy, weight, mean, inv_std, dx, dweight, dbias);
  };
  if (training && !y && by_cudnn(kBatchNormBackward, rows, channels, x.dtype, ours, cudnn) && cudnn()) return;
  ours();
}

}  // namespace convcore::cuda
