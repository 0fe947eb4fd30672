#include <cstdlib>
#include <cstring>

#include "conv.h"

namespace convcore::cuda {
namespace {

bool by_columns() {
  const char* forced = std::getenv("CONVCORE_CONV_ALGO");
  return forced && std::strcmp(forced, "im2col") == 0;
}

}  // namespace

void conv2d(const Conv2d& p, In x, In weight, OptIn bias, Out y) {
  if (is_depthwise(p)) return depthwise::forward(p, x, weight, bias, y);
  if (by_columns()) return columns::forward(p, x, weight, bias, y);
  implicit::forward(p, x, weight, bias, y);
}

void conv2d_backward_input(const Conv2d& p, In dy, In weight, Out dx) {
  if (is_depthwise(p)) return depthwise::backward_input(p, dy, weight, dx);
  if (by_columns()) return columns::backward_input(p, dy, weight, dx);
  implicit::backward_input(p, dy, weight, dx);
}

void conv2d_backward_weight(const Conv2d& p, In x, In dy, Out dweight) {
  if (is_depthwise(p)) return depthwise::backward_weight(p, x, dy, dweight);
  if (by_columns()) return columns::backward_weight(p, x, dy, dweight);
  implicit::backward_weight(p, x, dy, dweight);
}

}  // namespace convcore::cuda
