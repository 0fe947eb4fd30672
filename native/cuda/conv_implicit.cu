#include <utility>

#include "conv.h"
#include "positions.h"
#include "tile.h"

namespace convcore::cuda {
namespace {

/// What the loaders know of a convolution. m, n and k of its products stay below 2^31.
struct Shape {
  WindowAxis rows, columns;
  int64_t c, k;                    // all channels and filters
  int64_t group_c, group_k, taps;  // those of a group, R·S

  explicit Shape(const Conv2d& p)
      : rows(vertical(p)),
        columns(horizontal(p)),
        c(p.c),
        k(p.k),
        group_c(p.c / p.groups),
        group_k(p.k / p.groups),
        taps(p.r * p.s) {}
};

/// Numbers (tap, channel) with the channel innermost.
struct Taps {
  Divisor by_channels, by_columns;

  Taps(int64_t channels, int64_t columns)
      : by_channels(channels > 0 ? channels : 1), by_columns(columns > 0 ? columns : 1) {}
  __device__ void split(int64_t index, int& row, int& column, int& channel) const {
    uint32_t rest = static_cast<uint32_t>(index);
    channel = static_cast<int>(by_channels.split(rest));
    column = static_cast<int>(by_columns.split(rest));
    row = static_cast<int>(rest);
  }
};

/// Numbers (image, row, column) of a grid.
struct Grid {
  Divisor by_width, by_height;

  Grid(int64_t height, int64_t width) : by_width(width > 0 ? width : 1), by_height(height > 0 ? height : 1) {}
  __device__ void split(int64_t index, int& image, int& row, int& column) const {
    uint32_t rest = static_cast<uint32_t>(index);
    column = static_cast<int>(by_width.split(rest));
    row = static_cast<int>(by_height.split(rest));
    image = static_cast<int>(rest);
  }
};

template <int V, class C>
__device__ __forceinline__ void zero(C (&v)[V]) {
  for (int j = 0; j < V; ++j) v[j] = 0;
}

/// Row (n, p, q), column (r, s, c): what output position (p, q) sees of image n.
template <class T>
struct PatchRows {
  static constexpr bool kAlongK = true;
  Shape g;
  Grid grid;
  Taps taps;
  const T* x;
  int64_t size;

  struct Fixed {
    const T* image;  // null beyond the matrix
    int h, w;        // of the window's first cell
  };
  __device__ Fixed fix(int64_t group, int64_t i) const {
    if (i >= size) return {nullptr, 0, 0};
    int n, p, q;
    grid.split(i, n, p, q);
    return {x + static_cast<int64_t>(n) * g.rows.input * g.columns.input * g.c + group * g.group_c, g.rows.cell(p, 0),
            g.columns.cell(q, 0)};
  }
  template <int V>
  __device__ void load(const Fixed& fixed, int64_t k, Compute<T> (&v)[V]) const {
    int r, s, c;
    taps.split(k, r, s, c);
    const int h = fixed.h + r * g.rows.dilation, w = fixed.w + s * g.columns.dilation;
    if (fixed.image && h >= 0 && h < g.rows.input && w >= 0 && w < g.columns.input)
      load_neighbours(fixed.image + (static_cast<int64_t>(h) * g.columns.input + w) * g.c + c, v);
    else
      zero(v);
  }
};

/// The same numbers as a second factor: k runs over output positions, the loader's own index over (r, s, c).
template <class T>
struct PatchColumns {
  static constexpr bool kAlongK = false;
  Shape g;
  Grid grid;
  Taps taps;
  const T* x;
  int64_t size;

  struct Fixed {
    const T* channel;  // null beyond the matrix
    int h, w;          // of the tap, relative to the window's first cell
  };
  __device__ Fixed fix(int64_t group, int64_t i) const {
    if (i >= size) return {nullptr, 0, 0};
    int r, s, c;
    taps.split(i, r, s, c);
    return {x + group * g.group_c + c, r * g.rows.dilation, s * g.columns.dilation};
  }
  template <int V>
  __device__ void load(const Fixed& fixed, int64_t k, Compute<T> (&v)[V]) const {
    int n, p, q;
    grid.split(k, n, p, q);
    const int h = g.rows.cell(p, 0) + fixed.h, w = g.columns.cell(q, 0) + fixed.w;
    if (fixed.channel && h >= 0 && h < g.rows.input && w >= 0 && w < g.columns.input)
      load_neighbours(fixed.channel + ((static_cast<int64_t>(n) * g.rows.input + h) * g.columns.input + w) * g.c, v);
    else
      zero(v);
  }
};

/// The taps of one axis through which the inputs of one phase, phase + i · stride, meet outputs. They are first,
/// first − step, … ; tap number a reaches output i + origin + a · shift.
struct Phase {
  int phase, positions, first, step, taps, origin, shift;

  Phase(int phase, const WindowAxis& axis)
      : phase(phase), positions((axis.input - phase + axis.stride - 1) / axis.stride) {
    auto distance = [&](int tap) { return phase + axis.pad - tap * axis.dilation; };
    auto gcd = [](int a, int b) {
      while (b != 0) a %= b, std::swap(a, b);
      return a;
    };
    step = axis.stride / gcd(axis.stride, axis.dilation);
    first = axis.taps - 1;
    while (first >= 0 && first > axis.taps - 1 - step && distance(first) % axis.stride != 0) --first;
    const bool met = first >= 0 && distance(first) % axis.stride == 0;
    taps = met ? first / step + 1 : 0;
    origin = met ? distance(first) / axis.stride : 0;
    shift = step * axis.dilation / axis.stride;
  }
};

/// Row (n, i, j) of a phase, column (a, b, filter): the gradients that input (i, j) is given.
template <class T>
struct GradientRows {
  static constexpr bool kAlongK = true;
  Shape g;
  Phase rows, columns;
  Grid grid;
  Taps taps;
  const T* dy;
  int64_t size;

  struct Fixed {
    const T* image;
    int p, q;
  };
  __device__ Fixed fix(int64_t group, int64_t index) const {
    if (index >= size) return {nullptr, 0, 0};
    int n, i, j;
    grid.split(index, n, i, j);
    return {dy + static_cast<int64_t>(n) * g.rows.output * g.columns.output * g.k + group * g.group_k, i + rows.origin,
            j + columns.origin};
  }
  template <int V>
  __device__ void load(const Fixed& fixed, int64_t k, Compute<T> (&v)[V]) const {
    int a, b, filter;
    taps.split(k, a, b, filter);
    const int p = fixed.p + a * rows.shift, q = fixed.q + b * columns.shift;
    if (fixed.image && p >= 0 && p < g.rows.output && q >= 0 && q < g.columns.output)
      load_neighbours(fixed.image + (static_cast<int64_t>(p) * g.columns.output + q) * g.k + filter, v);
    else
      zero(v);
  }
};

/// The weights of a phase: k runs over (a, b, filter), the loader's own index over channels.
template <class T>
struct PhaseWeight {
  static constexpr bool kAlongK = false;
  Shape g;
  Phase rows, columns;
  Taps taps;
  const T* weight;

  struct Fixed {
    const T* channel;
  };
  __device__ Fixed fix(int64_t group, int64_t c) const {
    return {c < g.group_c ? weight + group * g.group_k * g.taps * g.group_c + c : nullptr};
  }
  template <int V>
  __device__ void load(const Fixed& fixed, int64_t k, Compute<T> (&v)[V]) const {
    if (!fixed.channel) return zero(v);
    int a, b, filter;
    taps.split(k, a, b, filter);
    const int r = rows.first - a * rows.step, s = columns.first - b * columns.step;
    load_neighbours(fixed.channel + ((static_cast<int64_t>(filter) * g.rows.taps + r) * g.columns.taps + s) * g.group_c,
                    v);
  }
};

/// Where the gradient of input (n, i, j) of a phase goes.
template <class T>
struct PhaseTarget {
  Shape g;
  Phase rows, columns;
  Grid grid;
  T* dx;

  __device__ T* row(int64_t group, int64_t m) const {
    int n, i, j;
    grid.split(m, n, i, j);
    const int h = rows.phase + i * g.rows.stride, w = columns.phase + j * g.columns.stride;
    return dx + ((static_cast<int64_t>(n) * g.rows.input + h) * g.columns.input + w) * g.c + group * g.group_c;
  }
  __device__ void put(T* row, int64_t n, Compute<T> value) const { row[n] = store<T>(value); }
};

/// f(p, first image) for stretches of images whose positions and channels 31 bits can count.
template <class F>
void for_stretches(const Conv2d& p, F f) {
  constexpr int64_t limit = (int64_t{1} << 31) - 1;
  const int64_t most = p.h * p.w > p.p * p.q ? p.h * p.w : p.p * p.q, step = most > 0 ? limit / most : p.n;
  if (step == 0 || product(p.r, p.s, p.c) > limit || product(p.r, p.s, p.k) > limit)
    fail("expected images, and filters, of fewer than 2^31 numbers each");
  for (int64_t first = 0; first < p.n || first == 0; first += step) {
    Conv2d part = p;
    part.n = p.n - first < step ? p.n - first : step;
    f(part, first);
    if (step >= p.n) break;
  }
}

}  // namespace

namespace implicit {

void forward(const Conv2d& p, In x, In weight, OptIn bias, Out y) {
  dispatch_storage(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_stretches(p, [&](const Conv2d& part, int64_t first) {
      const Shape g(part);
      const int64_t m = part.n * part.p * part.q, k = g.taps * g.group_c;
      const PatchRows<T> a{g, Grid(part.p, part.q), Taps(g.group_c, part.s), x.as<T>() + first * p.h * p.w * p.c, m};
      const DenseLoader<T, true> b{weight.as<T>(), k, g.group_k * k, g.group_k};
      const DenseTarget<T> target{y.as<T>() + first * p.p * p.q * p.k, bias.as<T>(), p.k, g.group_k, g.group_k, false};
      const bool fit = g.group_c % 4 == 0;
      multiply<Compute<T>>({p.groups, m, g.group_k, k}, a, b, fit && fours<T>(a.x) && b.vectors(k), target);
    });
  });
}

// A convolution of dy with the weight turned round, for each remainder of the input position modulo the stride.
void backward_input(const Conv2d& p, In dy, In weight, Out dx) {
  dispatch_storage(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_stretches(p, [&](const Conv2d& part, int64_t first) {
      const Shape g(part);
      for (int i = 0; i < g.rows.stride && i < g.rows.input; ++i)
        for (int j = 0; j < g.columns.stride && j < g.columns.input; ++j) {
          const Phase rows(i, g.rows), columns(j, g.columns);
          const Grid grid(rows.positions, columns.positions);
          const Taps taps(g.group_k, columns.taps);
          const int64_t m = part.n * rows.positions * columns.positions, k = g.group_k * rows.taps * columns.taps;
          const GradientRows<T> a{g, rows, columns, grid, taps, dy.as<T>() + first * p.p * p.q * p.k, m};
          const PhaseWeight<T> b{g, rows, columns, taps, weight.as<T>()};
          const PhaseTarget<T> target{g, rows, columns, grid, dx.as<T>() + first * p.h * p.w * p.c};
          const bool fit = g.group_c % 4 == 0 && g.group_k % 4 == 0;
          multiply<Compute<T>>({p.groups, m, g.group_c, k}, a, b, fit && fours<T>(a.dy) && fours<T>(b.weight), target);
        }
    });
  });
}

// dweight[K, R·S·C] = dyᵀ · patches(x)
void backward_weight(const Conv2d& p, In x, In dy, Out dweight) {
  dispatch_storage(dweight.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_stretches(p, [&](const Conv2d& part, int64_t first) {
      const Shape g(part);
      const int64_t positions = part.n * part.p * part.q, n = g.taps * g.group_c;
      const DenseLoader<T, false> a{dy.as<T>() + first * p.p * p.q * p.k, p.k, g.group_k, g.group_k};
      const PatchColumns<T> b{g, Grid(part.p, part.q), Taps(g.group_c, part.s), x.as<T>() + first * p.h * p.w * p.c, n};
      const DenseTarget<T> target{dweight.as<T>(), nullptr, n, g.group_k * n, 0, first > 0};
      const bool fit = g.group_c % 4 == 0 && g.group_k % 4 == 0;
      multiply<Compute<T>>({p.groups, g.group_k, n, positions}, a, b, fit && a.vectors(positions) && fours<T>(b.x),
                           target);
    });
  });
}

}  // namespace implicit
}  // namespace convcore::cuda
