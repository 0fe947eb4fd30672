// How y, or dy, is cut into tiles.
#pragma once
#include "ahead.h"
#include "conv_winograd_tile.h"
#include "grid.h"

namespace convcore::cpu {
namespace {

/// A side of it: as few tiles as can be, of which so many are short that they end with it.
struct Cut {
  int64_t whole, shorts;

  explicit Cut(int64_t size) {
    const int64_t tiles = divide_up(size, kTileSide);
    shorts = lesser(tiles * kTileSide - size, tiles);
    whole = tiles - shorts;
  }
  int64_t tiles() const { return whole + shorts; }
};

/// A tile's first row and column, in image n.
struct Tile {
  int64_t n, top, left;
};

/// Numbers [begin, end).
struct Range {
  int64_t begin, end;

  int64_t count() const { return end > begin ? end - begin : 0; }
  Range operator&(Range other) const {
    return {begin > other.begin ? begin : other.begin, end < other.end ? end : other.end};
  }
};

/// Tiles are numbered by kind, so that those that are whole along an axis, which alone have the last of its points,
/// follow each other: short and whole (vertically, horizontally), both whole, whole and short, both short.
class ImageTiling {
 public:
  ImageTiling(int64_t n, int64_t height, int64_t width)
      : rows(height),
        columns(width),
        whole_columns{0, n * columns.whole * rows.tiles()},
        whole_rows{n * rows.shorts * columns.whole, n * (rows.tiles() * columns.whole + rows.whole * columns.shorts)},
        tiles(n * rows.tiles() * columns.tiles()) {}

  int64_t count() const { return tiles; }

  /// Those of the range that have the point.
  Range with_point(Range range, int64_t point) const {
    if (point / kSide == kSide - 1) range = range & whole_rows;
    if (point % kSide == kSide - 1) range = range & whole_columns;
    return range;
  }

  Tile at(int64_t number) const {
    Tile found;
    for_each({number, number + 1}, [&](int64_t, Tile tile, auto, auto) { found = tile; });
    return found;
  }

  /// use(number − range.begin, tile, vertical axis, horizontal axis)
  template <class Use>
  [[gnu::always_inline]] void for_each(Range range, Use use) const {
    kind<true, false>(range, {0, whole_rows.begin}, use);
    kind<false, false>(range, {whole_rows.begin, whole_columns.end}, use);
    kind<false, true>(range, {whole_columns.end, whole_rows.end}, use);
    kind<true, true>(range, {whole_rows.end, tiles}, use);
  }

 private:
  Cut rows, columns;
  Range whole_columns, whole_rows;
  int64_t tiles;

  template <bool ShortRows, bool ShortColumns, class Use>
  [[gnu::always_inline]] void kind(Range range, Range kind, Use use) const {
    const Range part = range & kind;
    if (part.count() == 0) return;
    const int64_t top = ShortRows ? rows.whole * kTileSide : 0, left = ShortColumns ? columns.whole * kTileSide : 0;
    const Grid grid{1, ShortRows ? rows.shorts : rows.whole, ShortColumns ? columns.shorts : columns.whole};
    Position at = grid.at(part.begin - kind.begin);
    for (int64_t t = part.begin; t < part.end; ++t, grid.advance(at))
      use(t - range.begin,
          Tile{at.n, top + at.i * TileAxis<ShortRows>::results, left + at.j * TileAxis<ShortColumns>::results},
          TileAxis<ShortRows>{}, TileAxis<ShortColumns>{});
  }
};

/// The rows of images [n, h, line] from the first of some tiles to the last, which begin `pad` above them and are
/// `side` high.
inline Ahead<float> rows_of(const ImageTiling& tiling, Range range, const float* images, int64_t h, int64_t line,
                            int64_t pad, int64_t side) {
  if (range.count() == 0) return {};
  const auto row = [&](Tile tile, int64_t i) {
    return images + (tile.n * h + lesser(tile.top + i < 0 ? 0 : tile.top + i, h)) * line;
  };
  const float* begin = row(tiling.at(range.begin), -pad);
  return {begin, row(tiling.at(range.end - 1), side - pad) - begin};
}

}  // namespace
}  // namespace convcore::cpu
