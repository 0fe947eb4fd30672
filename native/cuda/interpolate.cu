#include "../resize.h"
#include "kernels.h"
#include "positions.h"

namespace convcore::cuda {
namespace {

template <class C>
struct Resize {
  ResizeAxis<C> planes, rows, columns;
  int64_t channels;

  Resize(const Resize3d& p, double scale_d, double scale_h, double scale_w)
      : planes(axis(p, p.d, scale_d)), rows(axis(p, p.h, scale_h)), columns(axis(p, p.w, scale_w)), channels(p.c) {}

  __device__ __forceinline__ int64_t x_at(int64_t n, int d, int h, int w) const {
    return (((n * planes.input + d) * rows.input + h) * columns.input + w) * channels;
  }
  __device__ __forceinline__ int64_t y_at(int64_t n, int o, int p, int q) const {
    return (((n * planes.output + o) * rows.output + p) * columns.output + q) * channels;
  }

 private:
  static ResizeAxis<C> axis(const Resize3d& p, const Resize3d::Side& side, double scale) {
    return {static_cast<int>(side.input), static_cast<int>(side.output), static_cast<int>(p.mode),
            static_cast<C>(scale)};
  }
};

/// The plane of a volume and the volume itself, from places that take planes for images.
__device__ __forceinline__ int split_plane(int64_t& n, int depth) {
  if (depth == 1) return 0;
  const int plane = static_cast<int>(n % depth);
  n /= depth;
  return plane;
}

template <class T, int kWidth>
__device__ __forceinline__ void add_scaled(Compute<T> weight, const T* from, Compute<T>* sums) {
  Channels<T, kWidth> v;
  v.read(from);
  for (int j = 0; j < kWidth; ++j) sums[j] += weight * load(v.v[j]);
}

template <class T, int kWidth>
__device__ __forceinline__ void put(const Compute<T>* sums, T* to) {
  Channels<T, kWidth> result;
  for (int j = 0; j < kWidth; ++j) result.v[j] = store<T>(sums[j]);
  result.write(to);
}

template <class T, int kWidth>
__global__ void interpolate_each(Places places, Resize<Compute<T>> g, const T* x, T* y) {
  using C = Compute<T>;
  for_each(places.count, [&](int64_t index) {
    Place at = places.at(index);
    const int o = split_plane(at.n, g.planes.output);
    const Source<C> d = g.planes.source(o), h = g.rows.source(at.i), w = g.columns.source(at.j);
    C sums[kWidth] = {};
    for (int j = 0; j <= (d.weight > 0); ++j)
      for (int k = 0; k <= (h.weight > 0); ++k)
        for (int l = 0; l <= (w.weight > 0); ++l)
          add_scaled<T, kWidth>(d.weight_of(d.cell + j) * h.weight_of(h.cell + k) * w.weight_of(w.cell + l),
                                x + g.x_at(at.n, d.cell + j, h.cell + k, w.cell + l) + at.c, sums);
    put<T, kWidth>(sums, y + g.y_at(at.n, o, at.i, at.j) + at.c);
  });
}

/// Every element of dx gathers from the outputs that took from it.
template <class T, int kWidth>
__global__ void interpolate_gather(Places places, Resize<Compute<T>> g, const T* dy, T* dx) {
  using C = Compute<T>;
  for_each(places.count, [&](int64_t index) {
    Place at = places.at(index);
    const int d = split_plane(at.n, g.planes.input);
    const int d_end = g.planes.end(d), h_begin = g.rows.begin(at.i), h_end = g.rows.end(at.i);
    const int w_begin = g.columns.begin(at.j), w_end = g.columns.end(at.j);
    C sums[kWidth] = {};
    for (int o = g.planes.begin(d); o < d_end; ++o)
      for (int p = h_begin; p < h_end; ++p) {
        const C weight = g.planes.source(o).weight_of(d) * g.rows.source(p).weight_of(at.i);
        for (int q = w_begin; q < w_end; ++q)
          add_scaled<T, kWidth>(weight * g.columns.source(q).weight_of(at.j), dy + g.y_at(at.n, o, p, q) + at.c, sums);
      }
    put<T, kWidth>(sums, dx + g.x_at(at.n, d, at.i, at.j) + at.c);
  });
}

}  // namespace

void interpolate(const Resize3d& p, double scale_d, double scale_h, double scale_w, In x, Out y) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(x.as<T>(), y.as<T>()), [&](auto width) {
      const Places places(p.n * p.d.output, p.h.output, p.w.output, p.c, width);
      launch(interpolate_each<T, width>, blocks_for(places.count), kThreads, 0, places,
             Resize<Compute<T>>(p, scale_d, scale_h, scale_w), x.as<T>(), y.as<T>());
    });
  });
}

void interpolate_backward(const Resize3d& p, double scale_d, double scale_h, double scale_w, In dy, Out dx) {
  dispatch_storage(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    with_width<T>(p.c, aligned(dy.as<T>(), dx.as<T>()), [&](auto width) {
      const Places places(p.n * p.d.input, p.h.input, p.w.input, p.c, width);
      launch(interpolate_gather<T, width>, blocks_for(places.count), kThreads, 0, places,
             Resize<Compute<T>>(p, scale_d, scale_h, scale_w), dy.as<T>(), dx.as<T>());
    });
  });
}

}  // namespace convcore::cuda
