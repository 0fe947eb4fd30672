// Where the cells of a warped image take their values from, for all backends.
#pragma once
#include "pixel.h"

namespace convcore {
namespace {

/// From a place in y to one in x, both in cells from the centre of the first.
template <class C>
struct WarpMap {
  C m[6];

  [[gnu::always_inline]] HOST_DEVICE C column(int row, int column) const {
    return m[0] * static_cast<C>(column) + m[1] * static_cast<C>(row) + m[2];
  }
  [[gnu::always_inline]] HOST_DEVICE C row(int row, int column) const {
    return m[3] * static_cast<C>(column) + m[4] * static_cast<C>(row) + m[5];
  }
};

/// The cell (row, column) of x and, for bilinear ones, its right, lower and lower right neighbours. `row` is −2 where
/// none of them lies in x.
template <class C>
struct WarpSource {
  int row, column;
  C below, right;  // weights of the neighbours

  [[gnu::always_inline]] static HOST_DEVICE WarpSource at(C row, C column, int h, int w, bool bilinear) {
    // Compared before they are converted, so that no matrix leads out of the integers.
    if (!(row > -1 && row < static_cast<C>(h) && column > -1 && column < static_cast<C>(w))) return {-2, 0, 0, 0};
    if (bilinear) {
      const C top = down(row), left = down(column);
      return {static_cast<int>(top), static_cast<int>(left), row - top, column - left};
    }
    const int r = static_cast<int>(nearest(row)), c = static_cast<int>(nearest(column));
    return r < 0 || r >= h || c < 0 || c >= w ? WarpSource{-2, 0, 0, 0} : WarpSource{r, c, 0, 0};
  }
};

/// What a bilinear source in the plane x [h, w] of elements `load` reads gives. As in torchvision, whose fill this is,
/// what lies outside counts as 0, and then the sum is mixed with the fill by the share of it that lay inside.
template <class C, class T, class Load>
[[gnu::always_inline]] HOST_DEVICE inline C bilinear_at(const WarpSource<C>& s, const T* x, int h, int w, bool filled,
                                                        C fill, Load load) {
  C sum = 0, inside = 0;
  for (int k = 0; k < 2; ++k)
    for (int l = 0; l < 2; ++l) {
      const int r = s.row + k, c = s.column + l;
      if (r < 0 || r >= h || c < 0 || c >= w) continue;
      const C weight = (k ? s.below : 1 - s.below) * (l ? s.right : 1 - s.right);
      sum += weight * load(x[static_cast<int64_t>(r) * w + c]);
      inside += weight;
    }
  return filled ? inside * (sum - fill) + fill : sum;
}

}  // namespace
}  // namespace convcore
