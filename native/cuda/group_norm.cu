#include "kernels.h"
#include "moments.h"

namespace convcore::cuda {
namespace {

/// Samples of one position: each group is a row of neighbours.
template <class T, class Group>
__global__ void normalize_rows(Groups p, double eps, const T* x, const Compute<T>* weight, const Compute<T>* bias, T* y,
                               Compute<T>* mean, Compute<T>* variance, Compute<T>* inv_std) {
  using C = Compute<T>;
  Group group;
  const int64_t width = p.width();
  for (int64_t s = group.first(); s < p.statistics(); s += group.step()) {
    const T* from = x + s * width;
    const int64_t channel = s % p.groups * width;
    // Distances from one element are summed, for digits that a sum far from zero would lose.
    const C origin = width > 0 ? load(from[0]) : C(0);
    C total = 0, squares = 0;
    for (int64_t i = group.lane(); i < width; i += Group::kSize) total += load(from[i]) - origin;
    const C center = origin + group.sum(total) / width;
    for (int64_t i = group.lane(); i < width; i += Group::kSize) {
      const C distance = load(from[i]) - center;
      squares += distance * distance;
    }
    const C spread = group.sum(squares) / width;
    const C factor = static_cast<C>(1 / ::sqrt(static_cast<double>(spread) + eps));
    for (int64_t i = group.lane(); i < width; i += Group::kSize) {
      const C v = (load(from[i]) - center) * factor;
      y[s * width + i] = store<T>((weight ? v * weight[channel + i] : v) + (bias ? bias[channel + i] : C(0)));
    }
    if (group.lane() != 0) continue;
    mean[s] = center;
    variance[s] = spread;
    inv_std[s] = factor;
  }
}

template <class T, class Group>
__global__ void backward_rows(Groups p, const T* x, const T* dy, const Compute<T>* weight, const Compute<T>* mean,
                              const Compute<T>* inv_std, T* dx) {
  using C = Compute<T>;
  Group group;
  const int64_t width = p.width();
  for (int64_t s = group.first(); s < p.statistics(); s += group.step()) {
    const int64_t first = s * width, channel = s % p.groups * width;
    const C center = mean[s], factor = inv_std[s];
    auto scaled = [&](int64_t i) { return weight ? load(dy[first + i]) * weight[channel + i] : load(dy[first + i]); };
    C total = 0, dot = 0;
    for (int64_t i = group.lane(); i < width; i += Group::kSize) {
      const C g = scaled(i);
      total += g;
      dot += g * (load(x[first + i]) - center);
    }
    const C level = group.sum(total) / width, slope = group.sum(dot) * factor * factor / width;
    for (int64_t i = group.lane(); i < width; i += Group::kSize)
      dx[first + i] = store<T>((scaled(i) - level - (load(x[first + i]) - center) * slope) * factor);
  }
}

/// Moments of the distances from each channel's first element, for digits that a mean far from zero would lose.
template <class T>
struct Observe {
  const T* x;
  int64_t size;  // elements of a sample
  __device__ void operator()(int64_t i, int64_t c, Moments<Compute<T>>& moments) const {
    moments.add(load(x[i]) - load(x[i / size * size + c]));
  }
};

/// Puts what a column was reduced to in its place among [n, channels].
template <class Accumulator>
struct Keep {
  int64_t channels;
  Accumulator* to;
  __device__ void operator()(int64_t o, int64_t c, const Accumulator& of) const { to[o * channels + c] = of; }
};

/// Of sample and channel k: y = (x − center) · factor + bias, and dx = dy · factor − (x − center) · slope − level.
template <class C>
struct Channel {
  C center, factor, slope, level;
};

/// Merges the moments of a group's channels, which have equal counts, one warp per group.
template <class T, class C = Compute<T>>
__global__ void merge_channels(Groups p, double eps, const T* x, const Moments<C>* moments, const C* weight, C* mean,
                               C* variance, C* inv_std, Channel<C>* channels) {
  const WarpGroup<C> group;
  const int64_t width = p.width();
  for (int64_t s = group.first(); s < p.statistics(); s += group.step()) {
    const int64_t first = s * width, channel = s % p.groups * width;
    const T* start = x + s / p.groups * p.positions * p.channels + channel;
    const bool empty = p.positions == 0 || width == 0;
    const C origin = empty ? C(0) : load(start[0]);
    // From the origin to the mean of the group's i-th channel.
    auto middle = [&](int64_t i) { return empty ? C(0) : load(start[i]) - origin + moments[first + i].mean; };
    C total = 0, squares = 0;
    for (int64_t i = group.lane(); i < width; i += 32) total += middle(i);
    const C shift = group.sum(total) / width, center = origin + shift;
    for (int64_t i = group.lane(); i < width; i += 32) {
      const C distance = middle(i) - shift;
      squares += moments[first + i].squares / p.positions + distance * distance;
    }
    const C spread = group.sum(squares) / width;
    const C factor = static_cast<C>(1 / ::sqrt(static_cast<double>(spread) + eps));
    for (int64_t i = group.lane(); i < width; i += 32)
      channels[first + i] = {center, weight ? factor * weight[channel + i] : factor, C(0), C(0)};
    if (group.lane() != 0) continue;
    mean[s] = center;
    variance[s] = spread;
    inv_std[s] = factor;
  }
}

/// Σ dy and Σ dy · (x − mean) of each sample and channel.
template <class T>
struct Slopes {
  const T *x, *dy;
  const Compute<T>* mean;
  int64_t size, groups, width;  // elements of a sample, groups, channels of a group
  __device__ void operator()(int64_t i, int64_t c, Sums<Compute<T>, 2>& sums) const {
    const Compute<T> gradient = load(dy[i]);
    sums.s[0] += gradient;
    sums.s[1] += gradient * (load(x[i]) - mean[i / size * groups + c / width]);
  }
};

/// What backward needs of each channel, one warp per group.
template <class C>
__global__ void merge_slopes(Groups p, const Sums<C, 2>* sums, const C* weight, const C* mean, const C* inv_std,
                             Channel<C>* channels) {
  const WarpGroup<C> group;
  const int64_t width = p.width();
  for (int64_t s = group.first(); s < p.statistics(); s += group.step()) {
    const int64_t first = s * width, channel = s % p.groups * width;
    const C inverse = inv_std[s], count = static_cast<C>(p.positions * width);
    C total = 0, dot = 0;
    for (int64_t i = group.lane(); i < width; i += 32) {
      const C scale = weight ? weight[channel + i] : C(1);
      total += scale * sums[first + i].s[0];
      dot += scale * sums[first + i].s[1];
    }
    const C level = group.sum(total) * inverse / count, slope = group.sum(dot) * inverse * inverse * inverse / count;
    for (int64_t i = group.lane(); i < width; i += 32)
      channels[first + i] = {mean[s], weight ? inverse * weight[channel + i] : inverse, slope, level};
  }
}

/// `width` neighbours, read and written at once.
template <class T, int width>
struct alignas(width * sizeof(T)) Run {
  T v[width];
};

template <class T, int width>
__global__ void normalize_columns(int64_t runs, int64_t size, int64_t channels, const Channel<Compute<T>>* of,
                                  const Compute<T>* bias, const T* x, T* y) {
  using C = Compute<T>;
  for_each(runs, [&](int64_t i) {
    Run<T, width> v = reinterpret_cast<const Run<T, width>*>(x)[i];
    const int64_t c = i * width % channels, k = i * width / size * channels + c;
    for (int j = 0; j < width; ++j)
      v.v[j] = store<T>((load(v.v[j]) - of[k + j].center) * of[k + j].factor + (bias ? bias[c + j] : C(0)));
    reinterpret_cast<Run<T, width>*>(y)[i] = v;
  });
}

template <class T, int width>
__global__ void backward_columns(int64_t runs, int64_t size, int64_t channels, const Channel<Compute<T>>* of,
                                 const T* x, const T* dy, T* dx) {
  for_each(runs, [&](int64_t i) {
    Run<T, width> v = reinterpret_cast<const Run<T, width>*>(x)[i];
    const Run<T, width> g = reinterpret_cast<const Run<T, width>*>(dy)[i];
    const int64_t k = i * width / size * channels + i * width % channels;
    for (int j = 0; j < width; ++j) {
      const Channel<Compute<T>> channel = of[k + j];
      v.v[j] =
          store<T>(load(g.v[j]) * channel.factor - (load(v.v[j]) - channel.center) * channel.slope - channel.level);
    }
    reinterpret_cast<Run<T, width>*>(dx)[i] = v;
  });
}

/// Where each channel is a group: moves the running statistics towards the mean over the samples of theirs, the
/// variances unbiased.
template <class C>
__global__ void move_running(Groups p, double momentum, const C* mean, const C* variance, C* running_mean,
                             C* running_var) {
  for_each(p.channels, [&](int64_t c) {
    double center = 0, spread = 0;
    for (int64_t o = 0; o < p.n; ++o) {
      center += mean[o * p.channels + c];
      spread += variance[o * p.channels + c];
    }
    const double count = static_cast<double>(p.positions), unbiased = spread / p.n * (count / (count - 1));
    if (running_mean) running_mean[c] = static_cast<C>((1 - momentum) * running_mean[c] + momentum * (center / p.n));
    if (running_var) running_var[c] = static_cast<C>((1 - momentum) * running_var[c] + momentum * unbiased);
  });
}

/// dweight's and dbias's terms of samples of one position.
template <class T>
struct RowTerms {
  const T *x, *dy;
  const Compute<T>*mean, *inv_std;
  int64_t channels, groups, width;
  __device__ void operator()(int64_t k, int64_t c, Sums<Compute<T>, 2>& sums) const {
    const Compute<T> gradient = load(dy[k]);
    const int64_t s = k / channels * groups + c / width;
    sums.s[0] += gradient;
    sums.s[1] += gradient * ((load(x[k]) - mean[s]) * inv_std[s]);
  }
};

/// The same of samples of several positions, from their sums.
template <class C>
struct SampleTerms {
  const Sums<C, 2>* of;
  const C* inv_std;
  int64_t channels, groups, width;
  __device__ void operator()(int64_t k, int64_t c, Sums<C, 2>& sums) const {
    sums.s[0] += of[k].s[0];
    sums.s[1] += of[k].s[1] * inv_std[k / channels * groups + c / width];
  }
};

template <class C>
struct KeepGradients {
  C *dweight, *dbias;
  __device__ void operator()(int64_t, int64_t c, const Sums<C, 2>& sums) const {
    if (dbias) dbias[c] = sums.s[0];
    if (dweight) dweight[c] = sums.s[1];
  }
};

/// Launches a kernel of runs of neighbouring channels: of 16 bytes where addresses allow, else of one element.
template <class T, class... P, class... A>
void launch_runs(bool vectors, const Groups& p, void (*wide)(int64_t, int64_t, int64_t, P...),
                 void (*narrow)(int64_t, int64_t, int64_t, P...), A... arguments) {
  const int64_t runs = vectors ? p.x() / Vector<T>::kWidth : p.x();
  launch(vectors ? wide : narrow, blocks_for(runs), kThreads, 0, runs, p.positions * p.channels, p.channels,
         arguments...);
}

template <class T, class C = Compute<T>>
void backward(const Groups& p, const T* x, const T* dy, const C* weight, const C* mean, const C* inv_std, T* dx,
              C* dweight, C* dbias) {
  const KeepGradients<C> keep{dweight, dbias};
  if (p.positions == 1) {
    auto run = [&](auto kernel, dim3 grid) { launch(kernel, grid, kThreads, 0, p, x, dy, weight, mean, inv_std, dx); };
    if (dx && p.width() <= kLongRow)
      run(backward_rows<T, WarpGroup<C>>, WarpGroup<C>::grid(p.statistics()));
    else if (dx)
      run(backward_rows<T, BlockGroup<C>>, BlockGroup<C>::grid(p.statistics()));
    if (dweight || dbias)
      column_reduction<Sums<C, 2>>(1, p.n, p.channels,
                                   RowTerms<T>{x, dy, mean, inv_std, p.channels, p.groups, p.width()}, keep);
    return;
  }
  const int64_t columns = p.n * p.channels;
  const Scratch sums(columns * static_cast<int64_t>(sizeof(Sums<C, 2>)));
  auto* sum = sums.as<Sums<C, 2>>();
  column_reduction<Sums<C, 2>>(p.n, p.positions, p.channels,
                               Slopes<T>{x, dy, mean, p.positions * p.channels, p.groups, p.width()},
                               Keep<Sums<C, 2>>{p.channels, sum});
  if (dx) {
    const Scratch scratch(columns * static_cast<int64_t>(sizeof(Channel<C>)));
    auto* channels = scratch.as<Channel<C>>();
    launch(merge_slopes<C>, WarpGroup<C>::grid(p.statistics()), kThreads, 0, p, sum, weight, mean, inv_std, channels);
    launch_runs<T>(p.channels % Vector<T>::kWidth == 0 && aligned(x, dy, dx), p, backward_columns<T, Vector<T>::kWidth>,
                   backward_columns<T, 1>, channels, x, dy, dx);
  }
  if (dweight || dbias)
    column_reduction<Sums<C, 2>>(1, p.n, p.channels, SampleTerms<C>{sum, inv_std, p.channels, p.groups, p.width()},
                                 keep);
}

}  // namespace

void group_norm(const Groups& p, double eps, double momentum, In x, OptWideIn weight, OptWideIn bias,
                OptWideInOut running_mean, OptWideInOut running_var, Out y, WideOut mean, WideOut inv_std) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const Scratch scratch(p.statistics() * static_cast<int64_t>(sizeof(C)));
    C* variance = scratch.as<C>();
    if (p.positions == 1) {
      auto run = [&](auto kernel, dim3 grid) {
        launch(kernel, grid, kThreads, 0, p, eps, x.as<T>(), weight.as<C>(), bias.as<C>(), y.as<T>(), mean.as<C>(),
               variance, inv_std.as<C>());
      };
      if (p.width() <= kLongRow)
        run(normalize_rows<T, WarpGroup<C>>, WarpGroup<C>::grid(p.statistics()));
      else
        run(normalize_rows<T, BlockGroup<C>>, BlockGroup<C>::grid(p.statistics()));
    } else {
      const int64_t columns = p.n * p.channels;
      const Scratch kept(columns * static_cast<int64_t>(sizeof(Moments<C>)));
      const Scratch coefficients(columns * static_cast<int64_t>(sizeof(Channel<C>)));
      auto* moments = kept.as<Moments<C>>();
      auto* channels = coefficients.as<Channel<C>>();
      column_reduction<Moments<C>>(p.n, p.positions, p.channels, Observe<T>{x.as<T>(), p.positions * p.channels},
                                   Keep<Moments<C>>{p.channels, moments});
      launch(merge_channels<T>, WarpGroup<C>::grid(p.statistics()), kThreads, 0, p, eps, x.as<T>(), moments,
             weight.as<C>(), mean.as<C>(), variance, inv_std.as<C>(), channels);
      launch_runs<T>(p.channels % Vector<T>::kWidth == 0 && aligned(x.as<T>(), y.as<T>()), p,
                     normalize_columns<T, Vector<T>::kWidth>, normalize_columns<T, 1>, channels, bias.as<C>(),
                     x.as<T>(), y.as<T>());
    }
    if (p.groups == p.channels && p.n > 0 && (running_mean || running_var))
      launch(move_running<C>, blocks_for(p.channels), kThreads, 0, p, momentum, mean.as<C>(), variance,
             running_mean.as<C>(), running_var.as<C>());
  });
}

// With x̂ = (x − mean) · inv_std and g = weight · dy over the m elements of a group: dweight = Σ dy·x̂, dbias = Σ dy, and
// dx = inv_std · (g − Σ g / m − x̂ · Σ g·x̂ / m).
void group_norm_backward(const Groups& p, In x, In dy, OptWideIn weight, WideIn mean, WideIn inv_std, OptOut dx,
                         OptWideOut dweight, OptWideOut dbias) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    backward<T>(p, x.as<T>(), dy.as<T>(), weight.as<C>(), mean.as<C>(), inv_std.as<C>(), dx.as<T>(), dweight.as<C>(),
                dbias.as<C>());
  });
}

}  // namespace convcore::cuda
