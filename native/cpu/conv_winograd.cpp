#include "conv_winograd.h"

#include "../scratch.h"
#include "conv_winograd_narrow.h"
#include "conv_winograd_tiling.h"
#include "microkernel.h"
#include "packing.h"
#include "sizes.h"
#include "transpose.h"

namespace convcore::cpu::ISA {
namespace {

using WindowTransform = FilterTransform<kWindow>;

/// y[n, p, q, k] = bias[k] + Σ x[n, p + r − pad_h, q + s − pad_w, c] · w(k, r, s, c), which is also what the gradient
/// of the images is, with dy for x and the weight turned round.
struct Problem {
  ImageTiles x;
  int64_t n, pad_h, pad_w, p, q, k;
  const float* bias;
  float* y;
  const float* weight;
  bool backward;                    // the weight is [c, 3, 3, k] and turned round, else [k, 3, 3, c]
  const float* filters = nullptr;   // transformed, in place of the weight
  const float* residual = nullptr;  // added to y
  bool relu = false;                // max(y, 0) follows

  ImageTiling tiling() const { return {n, p, q}; }
  int64_t tiles() const { return tiling().count(); }
};

/// A vector of channels and at most one of filters: then a product takes the place of its factor, the transformed
/// images.
bool is_narrow(const Problem& g) { return g.x.channels == kFloats && g.k <= kFloats; }

/// Sizes of the transformed matrices.
struct Layout {
  int64_t channels, panels;            // of x; columns of filters, kTileColumns each
  int64_t tiles;                       // of one block
  int64_t row, image_point;            // elements between tiles, and between points, of a transformed image
  int64_t product_row, product_point;  // and of a product with a panel

  Layout(const Problem& g, int64_t tiles)
      : channels(g.x.channels),
        panels(divide_up(g.k, kTileColumns<float>)),
        tiles(tiles),
        row(is_narrow(g) ? kFloats : row_pitch(channels)),
        image_point(odd_lines(tiles * row)),
        product_row(is_narrow(g) ? row : kTileColumns<float>),
        product_point(odd_lines(tiles * product_row)) {}
};

/// A square of weights, [channels][filters] for one tap; what lies outside is 0.
void load_taps(const Problem& g, int64_t c, int64_t k, int64_t tap, float* to) {
  constexpr int64_t side = kFloats, taps = kWindow * kWindow;
  const int64_t channels = lesser(side, g.x.channels - c), filters = lesser(side, g.k - k);
  const bool whole = channels == side && filters == side;
  if (g.backward) {
    const float* from = g.weight + (c * taps + taps - 1 - tap) * g.k + k;
    for (int64_t i = 0; i < side; ++i)
      store(to + i * side, i >= channels ? Floats{}
                           : whole       ? load(from + i * taps * g.k)
                                         : load_part(from + i * taps * g.k, filters));
    return;
  }
  const float* from = g.weight + (k * taps + tap) * g.x.channels + c;
  const int64_t stride = taps * g.x.channels;
  if (whole) return transpose_square(from, stride, to, side);
  float square[side * side];
  for (int64_t j = 0; j < side; ++j)
    store(square + j * side, j < filters ? load_part(from + j * stride, channels) : Floats{});
  transpose_square(square, side, to, side);
}

/// G w Gᵀ of the filters of one panel and channels [from, from + count): to[point][channel − from][filter].
void transform_filters(const Problem& g, int64_t panel, int64_t from, int64_t count, float* to, int64_t point) {
  constexpr int64_t side = kFloats, width = kTileColumns<float>, taps = kWindow * kWindow;
  alignas(64) float squares[taps][side * side];
  for (int64_t c = 0; c < count; c += side)
    for (int64_t j = 0; j < width && panel * width + j < g.k; j += side) {
      for (int64_t tap = 0; tap < taps; ++tap) load_taps(g, from + c, panel * width + j, tap, squares[tap]);
      for (int64_t i = 0; i < lesser(side, count - c); ++i) {
        Floats w[taps];
        for (int64_t tap = 0; tap < taps; ++tap) w[tap] = load(squares[tap] + i * side);
        float* cell = to + (c + i) * width + j;
        transform_rectangle<WindowTransform, WindowTransform>(
            [&](int64_t r, int64_t s) { return w[r * kWindow + s]; },
            [&](int64_t i, int64_t j, Floats v) { store(cell + (i * kSide + j) * point, v); });
      }
    }
}

/// Bᵀ d B of some tiles: to[point][tile − range.begin][channel].
void transform_images(const Problem& g, const Layout& layout, Range range, float* to) {
  // Copies that no store can change.
  const ImageTiles x = g.x;
  const int64_t pad_h = g.pad_h, pad_w = g.pad_w;
  const int64_t point_size = layout.image_point, channels = layout.channels, row = layout.row;
  g.tiling().for_each(range, [=](int64_t t, Tile tile, auto vertical, auto horizontal) {
    constexpr int64_t height = decltype(vertical)::points, width = decltype(horizontal)::points;
    for (int64_t c = 0; c < channels; c += kFloats)
      x.with_rectangle<height, width>(tile.n, tile.top - pad_h, tile.left - pad_w, c, [=](auto pixel) {
        float* cell = to + t * row + c;
        transform_rectangle<ImageTransform<height>, ImageTransform<width>>(
            pixel, [=](int64_t i, int64_t j, Floats v) { store(cell + (i * kSide + j) * point_size, v); });
      });
  });
}

/// What the tiles write, and what they read.
Ahead<float> results_of(const Problem& g, const ImageTiling& tiling, Range range) {
  return rows_of(tiling, range, g.y, g.p, g.q * g.k, 0, kTileSide);
}
Ahead<float> images_of(const Problem& g, const ImageTiling& tiling, Range range) {
  return rows_of(tiling, range, g.x.image, g.x.h, g.x.w * g.x.channels, g.pad_h, kSide);
}

/// product[point][tile][filter] = or += the product of some tiles and the filters of one panel over `depth` channels,
/// at every point.
void multiply(const ImageTiling& tiling, const Layout& layout, Range range, int64_t vectors, const float* image,
              const float* filters, int64_t filter_point, int64_t depth, bool first, float* product,
              Ahead<float>* ahead = nullptr) {
  constexpr int64_t width = kTileColumns<float>;
  static constexpr float zeros[width] = {};
  float* row[kTileRows];
  for (int64_t point = 0; point < kPoints; ++point) {
    const Range part = tiling.with_point(range, point);
    if (part.count() == 0) continue;
    const int64_t rows = divide_up(part.count(), divide_up(part.count(), kTileRows));
    for (int64_t c = 0; c < depth; c += kDepth)
      for (int64_t t = part.begin - range.begin; t < part.end - range.begin; t += rows) {
        const int64_t height = lesser(rows, part.end - range.begin - t);
        for (int64_t i = 0; i < height; ++i) row[i] = product + point * layout.product_point + (t + i) * width;
        Factors<float> factors{lesser(kDepth, depth - c), image + point * layout.image_point + t * layout.row + c,
                               layout.row, filters + point * filter_point + c * width, width};
        if (ahead) factors.ahead = ahead->take(factors.depth);
        microkernel_for<float, true>(vectors, height)(factors, first && c == 0 ? zeros : nullptr, row, 0);
      }
  }
}

/// Aᵀ m A + bias of some tiles and one panel of filters, into y; with what follows, if it `Finishes`.
template <bool Finishes>
void transform_product(const Problem& g, const Layout& layout, Range range, int64_t panel, const float* product) {
  constexpr int64_t width = kTileColumns<float>;
  const ImageTiling tiling = g.tiling();
  // Copies that no store can change.
  const int64_t p = g.p, q = g.q, pixel = g.k, line = q * pixel;
  const int64_t row = layout.product_row, point_size = layout.product_point;
  for (int64_t first = 0; first < width; first += kFloats) {
    const int64_t k = panel * width + first, filters = pixel - k;
    if (filters <= 0) return;
    const Floats least = Floats{} + (g.relu ? 0.0f : -__builtin_inff());
    const Floats bias = g.bias ? filters >= kFloats ? load(g.bias + k) : load_part(g.bias + k, filters) : Floats{};
    float* y = g.y;
    const float* residual = g.residual;
    const auto final = [=](Floats v, const float* to, int64_t n) {
      v += bias;
      if constexpr (!Finishes) return v;
      if (residual) v += n >= kFloats ? load(residual + (to - y)) : load_part(residual + (to - y), n);
      return v < least ? least : v;  // NaN stays
    };
    tiling.for_each(range, [=](int64_t t, Tile at, auto vertical, auto horizontal) {
      using Vertical = decltype(vertical);
      using Horizontal = decltype(horizontal);
      const float* m = product + t * row + first;
      float* corner = y + (at.n * p + at.top) * line + at.left * pixel + k;
      const auto put_all = [=](auto put) {
        transform_rectangle<ResultTransform<Vertical::results, Vertical::points>,
                            ResultTransform<Horizontal::results, Horizontal::points>>(
            [=](int64_t i, int64_t j) { return load(m + (i * kSide + j) * point_size); }, put);
      };
      if (at.top + Vertical::results <= p && at.left + Horizontal::results <= q && filters >= kFloats) {
        put_all([=](int64_t i, int64_t j, Floats v) {
          float* to = corner + i * line + j * pixel;
          store(to, final(v, to, kFloats));
        });
      } else {
        put_all([=](int64_t i, int64_t j, Floats v) {
          float* to = corner + i * line + j * pixel;
          if (at.top + i < p && at.left + j < q) store_part(to, final(v, to, filters), filters);
        });
      }
    });
  }
}

void transform_product(const Problem& g, const Layout& layout, Range range, int64_t panel, const float* product) {
  const auto transform = g.relu || g.residual ? transform_product<true> : transform_product<false>;
  transform(g, layout, range, panel, product);
}

constexpr int64_t kImageBytes = 384 << 10;      // of a block of transformed tiles: it shares the second-level cache
constexpr int64_t kChannels = 8 * kFloats;      // whose filters a job transforms at a time
constexpr int64_t kPanelTiles = 8 * kTileRows;  // whose product with one panel stays in the second-level cache

int64_t vectors_of(const Problem& g, int64_t panel) {
  return panel_width<float>(g.k - panel * kTileColumns<float>) / kFloats;
}

/// Tiles of a block of which all threads have some.
int64_t block_of(const Problem& g) {
  if (is_narrow(g)) return lesser(g.tiles(), kNarrowTiles);
  const int64_t tiles = g.tiles(), row = row_pitch(g.x.channels) * kPoints * int64_t{sizeof(float)};
  int64_t block = lesser(kImageBytes / row / kTileRows, 8) * kTileRows;
  if (block < 2 * kTileRows) block = 2 * kTileRows;
  const int64_t threads = thread_count(), rounds = divide_up(tiles, block * threads);
  return lesser(tiles, divide_up(tiles, rounds * threads));
}

/// All filters, transformed: a panel is [point][channel][kTileColumns], with some room between points.
struct FilterLayout {
  int64_t point, panel, panels;

  explicit FilterLayout(const Problem& g)
      : point(odd_lines(g.x.channels * kTileColumns<float>)),
        panel(kPoints * point),
        panels(divide_up(g.k, kTileColumns<float>)) {}
  int64_t bytes() const { return panels * panel * int64_t{sizeof(float)}; }
};

void transform_all_filters(const Problem& g, const FilterLayout& layout, float* to) {
  const int64_t chunks = divide_up(g.x.channels, kChannels);
  parallel(layout.panels * chunks, [&](int64_t job) {
    const int64_t panel = job / chunks, from = job % chunks * kChannels;
    transform_filters(g, panel, from, lesser(kChannels, g.x.channels - from),
                      to + panel * layout.panel + from * kTileColumns<float>, layout.point);
  });
}

/// All filters are transformed first; then a job takes a block of tiles through all panels.
void run_by_tiles(const Problem& g) {
  const ImageTiling tiling = g.tiling();
  const Layout layout(g, block_of(g));
  const int64_t blocks = divide_up(tiling.count(), layout.tiles), slots = lesser(thread_count(), blocks);
  const bool narrow = is_narrow(g);
  const int64_t image = kPoints * layout.image_point, product = narrow ? 0 : kPoints * layout.product_point;
  const FilterLayout filter(g);
  const int64_t transformed = g.filters ? 0 : filter.panels * filter.panel;
  Scratch scratch((transformed + slots * (image + product)) * int64_t{sizeof(float)});
  float* work = scratch.as<float>() + transformed;
  const float* filters = g.filters ? g.filters : scratch.as<float>();
  if (!g.filters) transform_all_filters(g, filter, scratch.as<float>());
  for_each_job(blocks, slots, [&](int64_t slot, int64_t block) {
    float *images = work + slot * (image + product), *products = images + image;
    const Range range{block * layout.tiles, lesser((block + 1) * layout.tiles, tiling.count())};
    transform_images(g, layout, range, images);
    Ahead<float> results = results_of(g, tiling, range);
    if (narrow) {
      const Range next{range.end, lesser(range.end + layout.tiles, tiling.count())};
      multiply_narrow(tiling, range, layout.image_point, filters, filter.point, images, results,
                      images_of(g, tiling, next));
      transform_product(g, layout, range, 0, images);
      return;
    }
    for (int64_t panel = 0; panel < layout.panels; ++panel) {
      multiply(tiling, layout, range, vectors_of(g, panel), images, filters + panel * filter.panel, filter.point,
               layout.channels, true, products, &results);
      transform_product(g, layout, range, panel, products);
    }
  });
}

/// All tiles are transformed first; then a job takes a panel of filters, transformed bit by bit, through all tiles: for
/// more filters than tiles.
void run_by_panels(const Problem& g) {
  const ImageTiling tiling = g.tiling();
  const int64_t tiles = tiling.count();
  const Layout layout(g, tiles);
  const int64_t slots = lesser(thread_count(), layout.panels), block = lesser(tiles, kPanelTiles);
  const int64_t image = kPoints * layout.image_point, filter_point = odd_lines(kChannels * kTileColumns<float>);
  Layout part = layout;
  part.product_point = odd_lines(block * kTileColumns<float>);
  const FilterLayout all(g);
  const int64_t filter = kPoints * filter_point, product = kPoints * part.product_point;
  Scratch scratch((image + slots * (filter + product)) * int64_t{sizeof(float)});
  float *images = scratch.as<float>(), *work = images + image;
  parallel_range(tiles, 4, [&](int64_t begin, int64_t end) {
    transform_images(g, layout, {begin, end}, images + begin * layout.row);
  });
  for_each_job(layout.panels, slots, [&](int64_t slot, int64_t panel) {
    float *filters = work + slot * (filter + product), *products = filters + filter;
    for (int64_t from = 0; from < tiles; from += block) {
      const Range range{from, lesser(from + block, tiles)};
      if (g.filters)
        multiply(tiling, part, range, vectors_of(g, panel), images + from * layout.row, g.filters + panel * all.panel,
                 all.point, layout.channels, true, products);
      for (int64_t c = 0; c < layout.channels && !g.filters; c += kChannels) {
        const int64_t depth = lesser(kChannels, layout.channels - c);
        transform_filters(g, panel, c, depth, filters, filter_point);
        multiply(tiling, part, range, vectors_of(g, panel), images + from * layout.row + c, filters, filter_point,
                 depth, c == 0, products);
      }
      transform_product(g, part, range, panel, products);
    }
  });
}

/// Each thread transforms all tiles and takes its share of the panels: no thread waits for another in between.
void run_few_tiles(const Problem& g) {
  const ImageTiling tiling = g.tiling();
  const Range all{0, tiling.count()};
  const Layout layout(g, all.end);
  const FilterLayout filter(g);
  const int64_t slots = lesser(thread_count(), layout.panels);
  const int64_t image = kPoints * layout.image_point, product = kPoints * layout.product_point;
  Scratch scratch(slots * (image + product) * int64_t{sizeof(float)});
  parallel(slots, [&](int64_t slot) {
    float *images = scratch.as<float>() + slot * (image + product), *products = images + image;
    transform_images(g, layout, all, images);
    for (int64_t panel = layout.panels * slot / slots; panel < layout.panels * (slot + 1) / slots; ++panel) {
      multiply(tiling, layout, all, vectors_of(g, panel), images, g.filters + panel * filter.panel, filter.point,
               layout.channels, true, products);
      transform_product(g, layout, all, panel, products);
    }
  });
}

// Prepared filters that each thread can read whole, and the most tiles that each may transform for itself.
constexpr int64_t kSharedFilterBytes = 1 << 20, kSharedTiles = 16;

void run(const Problem& g) {
  const int64_t tiles = g.tiles();
  if (tiles == 0 || g.k == 0) return;
  const bool shares = g.filters && FilterLayout(g).bytes() <= kSharedFilterBytes;
  if (is_narrow(g) || g.k <= tiles || (shares && tiles >= kSharedTiles))
    run_by_tiles(g);
  else if (g.filters && tiles <= kSharedTiles)
    run_few_tiles(g);
  else
    run_by_panels(g);
}

/// All but the weight.
Problem forward_problem(const Conv& p, const In& x, const OptIn& bias, const Out& y) {
  return {{x.as<float>(), x.as<float>() + x.count, p.h, p.w, p.c},
          p.n,
          p.pad_h,
          p.pad_w,
          p.p,
          p.q,
          p.k,
          bias.as<float>(),
          y.as<float>(),
          nullptr,
          false};
}

}  // namespace

void winograd(const Conv& p, In x, In weight, OptIn bias, Out y) {
  Problem g = forward_problem(p, x, bias, y);
  g.weight = weight.as<float>();
  run(g);
}

void winograd_prepare(const Conv& p, In weight, float* filters) {
  Problem g = forward_problem(p, {}, {}, {});
  g.weight = weight.as<float>();
  transform_all_filters(g, FilterLayout(g), filters);
}

void winograd_prepared(const Conv& p, bool relu, In x, const float* filters, OptIn bias, OptIn residual, Out y) {
  Problem g = forward_problem(p, x, bias, y);
  g.filters = filters;
  g.residual = residual.as<float>();
  g.relu = relu;
  run(g);
}

void winograd_backward_input(const Conv& p, In dy, In weight, OptIn bias, Out dx) {
  run({{dy.as<float>(), dy.as<float>() + dy.count, p.p, p.q, p.k},
       p.n,
       kWindow - 1 - p.pad_h,
       kWindow - 1 - p.pad_w,
       p.h,
       p.w,
       p.c,
       bias.as<float>(),
       dx.as<float>(),
       weight.as<float>(),
       true});
}

}  // namespace convcore::cpu::ISA
