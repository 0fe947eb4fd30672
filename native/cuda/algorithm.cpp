#include "algorithm.h"

#include <utility>

#include "blas.h"
#include "cuda.h"
#include "fastest.h"

namespace convcore::cuda {
namespace {

constexpr int kWays = 4;  // of ConvWay

/// By shape alone, best first. The last one can do whatever the others cannot.
std::vector<ConvWay> preferred(const Conv& p) {
  if (is_depthwise(p)) return {ConvWay::Depthwise};
  if (is_pointwise(p)) return {ConvWay::Columns};
  // Without cuBLAS, and for groups, which are a product each, the column buffer does not pay.
  if (p.groups > 1 || !blas::available()) return {ConvWay::Cudnn, ConvWay::Implicit};
  return {ConvWay::Cudnn, ConvWay::Columns, ConvWay::Implicit};
}

bool asked_for(ConvWay& way) {
  switch (conv_algorithm()) {
    case ConvAlgorithm::Auto: return false;
    case ConvAlgorithm::Im2col: way = ConvWay::Columns; return true;
    case ConvAlgorithm::Implicit: way = ConvWay::Implicit; return true;
    case ConvAlgorithm::Cudnn: way = ConvWay::Cudnn; return true;
  }
  return false;
}

bool measured(ConvPass pass, const Conv& p, DType dtype, const ConvAttempt& attempt, ConvWay& way) {
  if (!benchmark()) return false;
  std::vector<int64_t> key{static_cast<int64_t>(pass), static_cast<int64_t>(dtype), tf32_allowed()};
  const auto* words = reinterpret_cast<const int64_t*>(&p);
  key.insert(key.end(), words, words + sizeof(p) / sizeof(*words));
  const int best = fastest(std::move(key), kWays, [&](int way) { return attempt(static_cast<ConvWay>(way)); });
  way = static_cast<ConvWay>(best);
  return best >= 0;
}

}  // namespace

void by_algorithm(ConvPass pass, const Conv& p, DType dtype, const ConvAttempt& attempt) {
  ConvWay way;
  if ((asked_for(way) || measured(pass, p, dtype, attempt, way)) && attempt(way)) return;
  for (ConvWay each : preferred(p))
    if (attempt(each)) return;
}

}  // namespace convcore::cuda
