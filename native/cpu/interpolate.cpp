#include "../resize.h"
#include "kernels.h"
#include "reduction.h"

namespace convcore::cpu::ISA {
namespace {

template <class T>
[[gnu::always_inline]] inline ResizeAxis<T> axis_of(const Resize3d& g, const Resize3d::Side& side, double scale) {
  return {static_cast<int>(side.input), static_cast<int>(side.output), static_cast<int>(g.mode), static_cast<T>(scale)};
}

/// The sources of all outputs along an axis.
template <class T>
[[gnu::always_inline]] inline void fill_sources(const ResizeAxis<T>& axis, Source<T>* sources) {
  for (int i = 0; i < axis.output; ++i) sources[i] = axis.source(i);
}

/// body(k, weight) for the one or two neighbours, source.cell + k, that count.
template <class T, class Body>
[[gnu::always_inline]] inline void for_each_neighbour(const Source<T>& source, Body body) {
  body(0, 1 - source.weight);
  if (source.weight > 0) body(1, source.weight);
}

template <class T>
[[gnu::always_inline]] inline void add_scaled(int64_t n, T weight, const T* from, T* __restrict to) {
  for (int64_t c = 0; c < n; ++c) to[c] += weight * from[c];
}

}  // namespace

void interpolate(const Resize3d& p, double scale_d, double scale_h, double scale_w, In x, Out y) {
  if (p.y() == 0) return;
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto planes = axis_of<T>(p, p.d, scale_d), rows = axis_of<T>(p, p.h, scale_h);
    const auto columns = axis_of<T>(p, p.w, scale_w);
    const Scratch scratch(p.w.output * int64_t{sizeof(Source<T>)});
    auto* sources = scratch.as<Source<T>>();
    fill_sources(columns, sources);
    const int64_t width = p.w.output * p.c, lines = p.n * p.d.output * p.h.output;
    parallel_range(lines, at_least_one(kGrain / 4 / width), [&](int64_t begin, int64_t end) {
      for (int64_t line = begin; line < end; ++line) {
        const int64_t plane = line / p.h.output, image = plane / p.d.output;
        T* to = y.as<T>() + line * width;
        __builtin_memset(to, 0, width * sizeof(T));
        const Source<T> depth = planes.source(static_cast<int>(plane % p.d.output));
        const Source<T> height = rows.source(static_cast<int>(line % p.h.output));
        for_each_neighbour(depth, [&](int64_t j, T of_plane) {
          for_each_neighbour(height, [&](int64_t k, T of_row) {
            const int64_t row = (image * p.d.input + depth.cell + j) * p.h.input + height.cell + k;
            const T* from = x.as<T>() + row * p.w.input * p.c;
            for (int64_t q = 0; q < p.w.output; ++q)
              for_each_neighbour(sources[q], [&](int64_t l, T of_column) {
                add_scaled(p.c, of_plane * of_row * of_column, from + (sources[q].cell + l) * p.c, to + q * p.c);
              });
          });
        });
      }
    });
  });
}

// Rows of dx go in parallel, so that each of its elements has one writer.
void interpolate_backward(const Resize3d& p, double scale_d, double scale_h, double scale_w, In dy, Out dx) {
  if (p.x() == 0) return;
  dispatch_float(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto planes = axis_of<T>(p, p.d, scale_d), rows = axis_of<T>(p, p.h, scale_h);
    const auto columns = axis_of<T>(p, p.w, scale_w);
    const Scratch scratch(p.w.output * int64_t{sizeof(Source<T>)});
    auto* sources = scratch.as<Source<T>>();
    fill_sources(columns, sources);
    const int64_t width = p.w.input * p.c, lines = p.n * p.d.input * p.h.input;
    parallel_range(lines, at_least_one(kGrain / 4 / width), [&](int64_t begin, int64_t end) {
      for (int64_t line = begin; line < end; ++line) {
        const int64_t image = line / p.h.input / p.d.input;
        const int d = static_cast<int>(line / p.h.input % p.d.input), h = static_cast<int>(line % p.h.input);
        T* to = dx.as<T>() + line * width;
        __builtin_memset(to, 0, width * sizeof(T));
        for (int o = planes.begin(d), o_end = planes.end(d); o < o_end; ++o) {
          const T of_plane = planes.source(o).weight_of(d);
          for (int i = rows.begin(h), i_end = rows.end(h); i < i_end; ++i) {
            const T of_row = rows.source(i).weight_of(h);
            const T* from = dy.as<T>() + ((image * p.d.output + o) * p.h.output + i) * p.w.output * p.c;
            for (int64_t q = 0; q < p.w.output; ++q)
              for_each_neighbour(sources[q], [&](int64_t l, T of_column) {
                add_scaled(p.c, of_plane * of_row * of_column, from + q * p.c, to + (sources[q].cell + l) * p.c);
              });
          }
        }
      }
    });
  });
}

}  // namespace convcore::cpu::ISA
