#include "../scratch.h"
#include "conv_winograd.h"
#include "conv_winograd_tiling.h"
#include "microkernel.h"
#include "sizes.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kGroup = 64;                     // channels, and filters, of a job
constexpr int64_t kTileBytes = 448 << 10;          // of a block of transformed tiles, in the second-level cache
constexpr int64_t kLeastTiles = 64, kWanted = 16;  // tiles of a job, and jobs, where there are so many

/// dweight[k, r, s, c] = Σ dy[n, p, q, k] · x[n, p + r − pad_h, q + s − pad_w, c]
struct WeightProblem {
  ImageTiles x, dy;
  int64_t n, pad_h, pad_w;
  float* dweight;

  ImageTiling tiling() const { return {n, dy.h, dy.w}; }
};

/// Sizes of the transformed matrices of one job: [tile][channel], [tile][filter], and their product [filter][channel].
struct WeightLayout {
  int64_t channels, filters;  // of a whole job, in whole vectors
  int64_t tiles;              // of a block
  int64_t image_point, gradient_point, product_point;

  WeightLayout(int64_t c, int64_t k, int64_t all_tiles)
      : channels(lesser(kGroup, round_up(c, kFloats))),
        filters(lesser(kGroup, round_up(k, kFloats))),
        tiles(
            lesser(lesser(kTileBytes / (kPoints * int64_t{sizeof(float)} * (channels + filters)), kDepth), all_tiles)),
        image_point(odd_lines(tiles * channels)),
        gradient_point(odd_lines(tiles * filters)),
        product_point(odd_lines(filters * channels)) {}

  int64_t size() const { return kPoints * (image_point + gradient_point + product_point); }
};

/// What gives an axis of a tile its points; and the products of all tiles, summed by point, the weight's taps.
template <bool Short>
struct OfImage {
  using type = ImageTransform<TileAxis<Short>::points>;
};
template <bool Short>
struct OfGradient {  // dy is the filter
  using type = FilterTransform<TileAxis<Short>::results, TileAxis<Short>::points>;
};
using TapTransform = ResultTransform<kWindow>;

/// The channels and filters of a job, and its tiles.
struct WeightJob {
  int64_t c, channels, k, filters;
  Range tiles;
};

/// to[point][tile][channel] of the rectangles of some tiles, and of some channels.
template <template <bool> class Transform>
void transform_tiles(const ImageTiling& tiling, ImageTiles images, int64_t pad_h, int64_t pad_w, Range range,
                     int64_t channel, int64_t channels, int64_t row, int64_t point_size, float* to) {
  tiling.for_each(range, [=](int64_t t, Tile tile, auto vertical, auto horizontal) {
    using Vertical = typename Transform<decltype(vertical)::is_short>::type;
    using Horizontal = typename Transform<decltype(horizontal)::is_short>::type;
    for (int64_t c = 0; c < channels; c += kFloats)
      images.with_rectangle<Vertical::from, Horizontal::from>(
          tile.n, tile.top - pad_h, tile.left - pad_w, channel + c, [=](auto pixel) {
            float* cell = to + t * row + c;
            transform_rectangle<Vertical, Horizontal>(
                pixel, [=](int64_t i, int64_t j, Floats v) { store(cell + (i * kSide + j) * point_size, v); });
          });
  });
}

/// Rows that some tiles see, where a job takes all their channels: else, what lies between its own is for others.
Ahead<float> rows_ahead(const ImageTiling& tiling, Range range, const ImageTiles& x, int64_t pad, int64_t side) {
  return x.channels > kGroup ? Ahead<float>() : rows_of(tiling, range, x.image, x.h, x.w * x.channels, pad, side);
}

/// product[point][filter][channel] = or += Σ over some tiles of gradient · image
void multiply(const ImageTiling& tiling, const WeightLayout& layout, const WeightJob& job, Range range,
              const float* images, const float* gradients, bool first, float* product, Ahead<float> image_rows,
              Ahead<float> gradient_rows) {
  static constexpr float zeros[kTileColumns<float>] = {};
  const int64_t groups = divide_up(job.filters, kTileRows), rows = divide_up(job.filters, groups);
  float* row[kTileRows];
  for (int64_t point = 0; point < kPoints; ++point) {
    const Range part = tiling.with_point(range, point);
    if (part.count() == 0 && !first) continue;
    const int64_t from = part.count() ? part.begin - range.begin : 0;
    for (int64_t c = 0; c < job.channels; c += kTileColumns<float>) {
      const int64_t vectors = job.channels - c > kFloats ? kTileVectors : 1;
      for (int64_t k = 0; k < job.filters; k += rows) {
        const int64_t height = lesser(rows, job.filters - k);
        for (int64_t i = 0; i < height; ++i)
          row[i] = product + point * layout.product_point + (k + i) * layout.channels + c;
        Factors<float> factors{part.count(), gradients + point * layout.gradient_point + from * layout.filters + k,
                               layout.filters, images + point * layout.image_point + from * layout.channels + c,
                               layout.channels};
        factors.ahead = image_rows.take(factors.depth);
        if (!factors.ahead) factors.ahead = gradient_rows.take(factors.depth);
        microkernel_for<float, false>(vectors, height)(factors, first ? zeros : nullptr, row, 0);
      }
    }
  }
}

/// Aᵀ m A, into dweight or a matrix like it.
void transform_product(const WeightProblem& g, const WeightLayout& layout, const WeightJob& job, const float* product,
                       float* dweight) {
  for (int64_t k = 0; k < job.filters; ++k)
    for (int64_t c = 0; c < job.channels; c += kFloats) {
      const float* m = product + k * layout.channels + c;
      float* to = dweight + (job.k + k) * kWindow * kWindow * g.x.channels + job.c + c;
      transform_rectangle<TapTransform, TapTransform>(
          [&](int64_t i, int64_t j) { return load(m + (i * kSide + j) * layout.product_point); },
          [&](int64_t i, int64_t j, Floats v) {
            store_part(to + (i * kWindow + j) * g.x.channels, v, job.channels - c);
          });
    }
}

void run(const WeightProblem& g, const WeightLayout& layout, const WeightJob& job, float* work, float* dweight) {
  float *images = work, *gradients = images + kPoints * layout.image_point,
        *product = gradients + kPoints * layout.gradient_point;
  const ImageTiling tiling = g.tiling();
  for (int64_t from = job.tiles.begin; from < job.tiles.end; from += layout.tiles) {
    const Range range{from, lesser(from + layout.tiles, job.tiles.end)};
    transform_tiles<OfImage>(tiling, g.x, g.pad_h, g.pad_w, range, job.c, job.channels, layout.channels,
                             layout.image_point, images);
    transform_tiles<OfGradient>(tiling, g.dy, 0, 0, range, job.k, job.filters, layout.filters, layout.gradient_point,
                                gradients);
    const Range next{range.end, lesser(range.end + layout.tiles, job.tiles.end)};
    multiply(tiling, layout, job, range, images, gradients, from == job.tiles.begin, product,
             rows_ahead(tiling, next, g.x, g.pad_h, kSide), rows_ahead(tiling, next, g.dy, 0, kTileSide));
  }
  transform_product(g, layout, job, product, dweight);
}

}  // namespace

// The tiles are split by sizes alone, so that the sums' order never changes.
void winograd_backward_weight(const Conv& p, In x, In dy, Out dweight) {
  const WeightProblem g{{x.as<float>(), x.as<float>() + x.count, p.h, p.w, p.c},
                        {dy.as<float>(), dy.as<float>() + dy.count, p.p, p.q, p.k},
                        p.n,
                        p.pad_h,
                        p.pad_w,
                        dweight.as<float>()};
  const int64_t tiles = g.tiling().count(), groups = divide_up(p.c, kGroup) * divide_up(p.k, kGroup);
  int64_t pieces = lesser(divide_up(kWanted, groups), tiles / kLeastTiles);
  if (pieces < 1) pieces = 1;
  const int64_t length = divide_up(tiles, pieces);
  const WeightLayout layout(p.c, p.k, length);
  const int64_t jobs = pieces * groups, slots = lesser(thread_count(), jobs);
  const int64_t partial = pieces > 1 ? pieces * dweight.count : 0;
  Scratch scratch((slots * layout.size() + partial) * int64_t{sizeof(float)});
  float *work = scratch.as<float>(), *sums = work + slots * layout.size();
  for_each_job(jobs, slots, [&](int64_t slot, int64_t i) {
    const int64_t piece = i / groups, c = i % groups % divide_up(p.c, kGroup) * kGroup,
                  k = i % groups / divide_up(p.c, kGroup) * kGroup;
    const WeightJob job{c, lesser(kGroup, p.c - c), k, lesser(kGroup, p.k - k),
                        Range{piece * length, lesser(tiles, (piece + 1) * length)}};
    run(g, layout, job, work + slot * layout.size(), partial ? sums + piece * dweight.count : g.dweight);
  });
  if (!partial) return;
  parallel_range(dweight.count, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float sum = sums[i];
      for (int64_t piece = 1; piece < pieces; ++piece) sum += sums[piece * dweight.count + i];
      g.dweight[i] = sum;
    }
  });
}

}  // namespace convcore::cpu::ISA
