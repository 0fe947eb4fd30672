// The product of tiles of one vector of channels with one vector of filters: it takes the place of its factor.
#pragma once
#include <initializer_list>

#include "conv_winograd_tiling.h"
#include "microkernel.h"

namespace convcore::cpu {
namespace {

// Tiles of a narrow block, whose sums fit the registers beside a point's filters: 18 KiB with AVX-512.
constexpr int64_t kNarrowTiles = 8;
// Cache lines of what comes next that are brought nearer beside the product at each point: in all, rows up to 32 wide.
constexpr int64_t kNarrowLines = 5;

/// tiles[point][tile][filter] = Σ over channels of tiles[point][tile][channel] · filters
template <int64_t Count>
[[gnu::always_inline]] inline void multiply_tiles(const Floats* filters, float* tiles) {
  Floats sum[Count] = {};
#pragma GCC unroll 16
  for (int64_t c = 0; c < kFloats; ++c)
#pragma GCC unroll 8
    for (int64_t t = 0; t < Count; ++t) sum[t] += tiles[t * kFloats + c] * filters[c];
#pragma GCC unroll 8
  for (int64_t t = 0; t < Count; ++t) store(tiles + t * kFloats, sum[t]);
}

/// product[point][tile][filter] at every point, in place of the tiles, for up to kNarrowTiles tiles. Meanwhile what
/// comes next is brought nearer.
inline void multiply_narrow(const ImageTiling& tiling, Range range, int64_t point_size, const float* filters,
                            int64_t filter_point, float* tiles, Ahead<float> results, Ahead<float> next) {
  for (int64_t point = 0; point < kPoints; ++point, filters += filter_point, tiles += point_size) {
    Floats rows[kFloats];
#pragma GCC unroll 16
    for (int64_t c = 0; c < kFloats; ++c) rows[c] = load(filters + c * kTileColumns<float>);
    for (Ahead<float>* each : {&results, &next})
      if (const float* lines = each->take(kNarrowLines))
        for (int64_t l = 0; l < kNarrowLines; ++l) __builtin_prefetch(lines + l * kLine);
    const Range part = tiling.with_point(range, point);
    if (part.count() == kNarrowTiles)
      multiply_tiles<kNarrowTiles>(rows, tiles);
    else
      for (int64_t t = part.begin; t < part.end; ++t) multiply_tiles<1>(rows, tiles + (t - range.begin) * kFloats);
  }
}

}  // namespace
}  // namespace convcore::cpu
