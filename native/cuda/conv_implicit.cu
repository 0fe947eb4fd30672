#include <utility>

#include "conv.h"
#include "positions.h"
#include "tile.h"

namespace convcore::cuda {
namespace {

/// What the loaders know of a convolution. m, n and k of its products stay below 2^31.
struct Shape : Axes {
  int64_t c, k;                    // all channels and filters
  int64_t group_c, group_k, taps;  // those of a group, T·R·S

  explicit Shape(const Conv& p)
      : Axes(p), c(p.c), k(p.k), group_c(p.c / p.groups), group_k(p.k / p.groups), taps(p.t * p.r * p.s) {}
};

/// Numbers (tap, channel) with the channel innermost.
struct Taps {
  Divisor by_channels, by_columns, by_rows;
  bool flat;

  Taps(int64_t channels, int64_t planes, int64_t rows, int64_t columns)
      : by_channels(channels > 0 ? channels : 1),
        by_columns(columns > 0 ? columns : 1),
        by_rows(rows > 0 ? rows : 1),
        flat(planes <= 1) {}
  __device__ void split(int64_t index, int& plane, int& row, int& column, int& channel) const {
    uint32_t rest = static_cast<uint32_t>(index);
    channel = static_cast<int>(by_channels.split(rest));
    column = static_cast<int>(by_columns.split(rest));
    plane = 0;
    if (!flat) {
      const int in_plane = static_cast<int>(by_rows.split(rest));
      plane = static_cast<int>(rest);
      rest = in_plane;
    }
    row = static_cast<int>(rest);
  }
};

/// Numbers (image, plane, row, column) of a grid.
struct Grid {
  Divisor by_width, by_height, by_depth;
  bool flat;

  Grid(int64_t depth, int64_t height, int64_t width)
      : by_width(width > 0 ? width : 1),
        by_height(height > 0 ? height : 1),
        by_depth(depth > 0 ? depth : 1),
        flat(depth <= 1) {}
  __device__ void split(int64_t index, int& image, int& plane, int& row, int& column) const {
    uint32_t rest = static_cast<uint32_t>(index);
    column = static_cast<int>(by_width.split(rest));
    row = static_cast<int>(by_height.split(rest));
    plane = flat ? 0 : static_cast<int>(by_depth.split(rest));
    image = static_cast<int>(rest);
  }
};

template <int V, class C>
__device__ __forceinline__ void zero(C (&v)[V]) {
  for (int j = 0; j < V; ++j) v[j] = 0;
}

/// Row (n, o, p, q), column (t, r, s, c): what output position (o, p, q) sees of image n.
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
    int d, h, w;     // of the window's first cell
  };
  __device__ Fixed fix(int64_t group, int64_t i) const {
    if (i >= size) return {nullptr, 0, 0, 0};
    int n, o, p, q;
    grid.split(i, n, o, p, q);
    return {x + g.cell(n, 0, 0, 0) * g.c + group * g.group_c, g.planes.cell(o, 0), g.rows.cell(p, 0),
            g.columns.cell(q, 0)};
  }
  template <int V>
  __device__ void load(const Fixed& fixed, int64_t k, Compute<T> (&v)[V]) const {
    int t, r, s, c;
    taps.split(k, t, r, s, c);
    const int d = fixed.d + t * g.planes.dilation, h = fixed.h + r * g.rows.dilation,
              w = fixed.w + s * g.columns.dilation;
    if (fixed.image && g.holds(d, h, w))
      load_neighbours(fixed.image + g.cell(0, d, h, w) * g.c + c, v);
    else
      zero(v);
  }
};

/// The same numbers as a second factor: k runs over output positions, the loader's own index over
/// (t, r, s, c).
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
    int d, h, w;       // of the tap, relative to the window's first cell
  };
  __device__ Fixed fix(int64_t group, int64_t i) const {
    if (i >= size) return {nullptr, 0, 0, 0};
    int t, r, s, c;
    taps.split(i, t, r, s, c);
    return {x + group * g.group_c + c, t * g.planes.dilation, r * g.rows.dilation, s * g.columns.dilation};
  }
  template <int V>
  __device__ void load(const Fixed& fixed, int64_t k, Compute<T> (&v)[V]) const {
    int n, o, p, q;
    grid.split(k, n, o, p, q);
    const int d = g.planes.cell(o, 0) + fixed.d, h = g.rows.cell(p, 0) + fixed.h, w = g.columns.cell(q, 0) + fixed.w;
    if (fixed.channel && g.holds(d, h, w))
      load_neighbours(fixed.channel + g.cell(n, d, h, w) * g.c, v);
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

/// Row (n, l, i, j) of a phase, column (a, b, e, filter): the gradients that input (l, i, j) is given.
template <class T>
struct GradientRows {
  static constexpr bool kAlongK = true;
  Shape g;
  Phase planes, rows, columns;
  Grid grid;
  Taps taps;
  const T* dy;
  int64_t size;

  struct Fixed {
    const T* image;
    int o, p, q;
  };
  __device__ Fixed fix(int64_t group, int64_t index) const {
    if (index >= size) return {nullptr, 0, 0, 0};
    int n, l, i, j;
    grid.split(index, n, l, i, j);
    return {dy + g.position(n, 0, 0, 0) * g.k + group * g.group_k, l + planes.origin, i + rows.origin,
            j + columns.origin};
  }
  template <int V>
  __device__ void load(const Fixed& fixed, int64_t k, Compute<T> (&v)[V]) const {
    int a, b, e, filter;
    taps.split(k, a, b, e, filter);
    const int o = fixed.o + a * planes.shift, p = fixed.p + b * rows.shift, q = fixed.q + e * columns.shift;
    const bool inside = o >= 0 && o < g.planes.output && p >= 0 && p < g.rows.output && q >= 0 && q < g.columns.output;
    if (fixed.image && inside)
      load_neighbours(fixed.image + g.position(0, o, p, q) * g.k + filter, v);
    else
      zero(v);
  }
};

/// The weights of a phase: k runs over (a, b, e, filter), the loader's own index over channels.
template <class T>
struct PhaseWeight {
  static constexpr bool kAlongK = false;
  Shape g;
  Phase planes, rows, columns;
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
    int a, b, e, filter;
    taps.split(k, a, b, e, filter);
    const int t = planes.first - a * planes.step, r = rows.first - b * rows.step, s = columns.first - e * columns.step;
    load_neighbours(fixed.channel + (filter * g.taps + g.tap(t, r, s)) * g.group_c, v);
  }
};

/// Where the gradient of input (n, l, i, j) of a phase goes, and the bias.
template <class T>
struct PhaseTarget {
  Shape g;
  Phase planes, rows, columns;
  Grid grid;
  const T* bias;
  T* dx;

  struct Row {
    T* to;
    const T* bias;
  };
  __device__ Row row(int64_t group, int64_t m) const {
    int n, l, i, j;
    grid.split(m, n, l, i, j);
    const int d = planes.phase + l * g.planes.stride, h = rows.phase + i * g.rows.stride,
              w = columns.phase + j * g.columns.stride;
    const int64_t first = group * g.group_c;
    return {dx + g.cell(n, d, h, w) * g.c + first, bias ? bias + first : nullptr};
  }
  __device__ void put(const Row& row, int64_t n, Compute<T> value) const {
    row.to[n] = store<T>(row.bias ? value + load(row.bias[n]) : value);
  }
};

int64_t cells(const Conv& p) { return product(p.d, p.h, p.w); }
int64_t positions(const Conv& p) { return product(p.o, p.p, p.q); }

/// f(p, first image) for stretches of images whose positions and channels 31 bits can count.
template <class F>
void for_stretches(const Conv& p, F f) {
  constexpr int64_t limit = (int64_t{1} << 31) - 1;
  const int64_t most = cells(p) > positions(p) ? cells(p) : positions(p);
  const int64_t step = most > 0 ? limit / most : p.n, taps = product(p.t, p.r, p.s);
  if (step == 0 || cells(p) < 0 || positions(p) < 0 || taps < 0 || product(taps, p.c) > limit ||
      product(taps, p.k) > limit)
    fail("expected images, and filters, of fewer than 2^31 numbers each");
  for (int64_t first = 0; first < p.n || first == 0; first += step) {
    Conv part = p;
    part.n = p.n - first < step ? p.n - first : step;
    f(part, first);
    if (step >= p.n) break;
  }
}

}  // namespace

namespace implicit {

void forward(const Conv& p, In x, In weight, OptIn bias, Out y) {
  dispatch_storage(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_stretches(p, [&](const Conv& part, int64_t first) {
      const Shape g(part);
      const int64_t m = part.n * positions(part), k = g.taps * g.group_c;
      const PatchRows<T> a{g, Grid(part.o, part.p, part.q), Taps(g.group_c, part.t, part.r, part.s),
                           x.as<T>() + first * cells(p) * p.c, m};
      const DenseLoader<T, true> b{weight.as<T>(), k, g.group_k * k, g.group_k};
      const DenseTarget<T> target{
          y.as<T>() + first * positions(p) * p.k, bias.as<T>(), p.k, g.group_k, g.group_k, false};
      const bool fit = g.group_c % 4 == 0;
      multiply<Compute<T>>({p.groups, m, g.group_k, k}, a, b, fit && fours<T>(a.x) && b.vectors(k), target);
    });
  });
}

// A convolution of dy with the weight turned round, for each remainder of the input position modulo the stride.
void backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx) {
  dispatch_storage(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_stretches(p, [&](const Conv& part, int64_t first) {
      const Shape g(part);
      for (int l = 0; l < g.planes.stride && l < g.planes.input; ++l)
        for (int i = 0; i < g.rows.stride && i < g.rows.input; ++i)
          for (int j = 0; j < g.columns.stride && j < g.columns.input; ++j) {
            const Phase planes(l, g.planes), rows(i, g.rows), columns(j, g.columns);
            const Grid grid(planes.positions, rows.positions, columns.positions);
            const Taps taps(g.group_k, planes.taps, rows.taps, columns.taps);
            const int64_t m = part.n * planes.positions * rows.positions * columns.positions;
            const int64_t k = g.group_k * planes.taps * rows.taps * columns.taps;
            const GradientRows<T> a{g, planes, rows, columns, grid, taps, dy.as<T>() + first * positions(p) * p.k, m};
            const PhaseWeight<T> b{g, planes, rows, columns, taps, weight.as<T>()};
            const PhaseTarget<T> target{
                g, planes, rows, columns, grid, bias.as<T>(), dx.as<T>() + first * cells(p) * p.c};
            const bool fit = g.group_c % 4 == 0 && g.group_k % 4 == 0;
            multiply<Compute<T>>({p.groups, m, g.group_c, k}, a, b, fit && fours<T>(a.dy) && fours<T>(b.weight),
                                 target);
          }
    });
  });
}

// dweight[K, T·R·S·C] = dyᵀ · patches(x)
void backward_weight(const Conv& p, In x, In dy, Out dweight) {
  dispatch_storage(dweight.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_stretches(p, [&](const Conv& part, int64_t first) {
      const Shape g(part);
      const int64_t sums = part.n * positions(part), n = g.taps * g.group_c;
      const DenseLoader<T, false> a{dy.as<T>() + first * positions(p) * p.k, p.k, g.group_k, g.group_k};
      const PatchColumns<T> b{g, Grid(part.o, part.p, part.q), Taps(g.group_c, part.t, part.r, part.s),
                              x.as<T>() + first * cells(p) * p.c, n};
      const DenseTarget<T> target{dweight.as<T>(), nullptr, n, g.group_k * n, 0, first > 0};
      const bool fit = g.group_c % 4 == 0 && g.group_k % 4 == 0;
      multiply<Compute<T>>({p.groups, g.group_k, n, sums}, a, b, fit && a.vectors(sums) && fours<T>(b.x), target);
    });
  });
}

}  // namespace implicit
}  // namespace convcore::cuda
