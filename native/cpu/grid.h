// Rows of a matrix that stand for positions on a grid over images.
#pragma once
#include <cstdint>

namespace convcore::cpu {
namespace {

/// Image n, plane d, row i, column j.
struct Position {
  int64_t n, d, i, j;
};

struct Grid {
  int64_t depth, height, width;

  Position at(int64_t index) const {
    int64_t line = index / width, plane = line / height;
    return {plane / depth, plane % depth, line % height, index % width};
  }
  void advance(Position& position) const {
    if (++position.j < width) return;
    position.j = 0;
    if (++position.i < height) return;
    position.i = 0;
    if (++position.d < depth) return;
    position.d = 0;
    ++position.n;
  }
};

}  // namespace
}  // namespace convcore::cpu
