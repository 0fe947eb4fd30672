#include "context.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

/// The least and the greatest of n numbers, those equal to `ignore` left out, by one block.
__global__ void extremes(const int32_t* x, int64_t n, int64_t ignore, int32_t* result) {
  __shared__ int32_t least[kThreads / 32], greatest[kThreads / 32];
  int32_t low = INT32_MAX, high = INT32_MIN;
  for (int64_t i = threadIdx.x; i < n; i += kThreads) {
    if (x[i] == ignore) continue;
    low = min(low, x[i]);
    high = max(high, x[i]);
  }
  for (int distance = 16; distance > 0; distance /= 2) {
    low = min(low, __shfl_xor_sync(0xffffffffu, low, distance));
    high = max(high, __shfl_xor_sync(0xffffffffu, high, distance));
  }
  if (threadIdx.x % 32 == 0) {
    least[threadIdx.x / 32] = low;
    greatest[threadIdx.x / 32] = high;
  }
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int warp = 1; warp < kThreads / 32; ++warp) {
    low = min(low, least[warp]);
    high = max(high, greatest[warp]);
  }
  result[0] = low;
  result[1] = high;
}

}  // namespace

void check_indices(const IndexIn& index, int64_t limit, const char* what, int64_t ignore) {
  if (index.count == 0) return;
  auto fits = [&](int32_t least, int32_t greatest) { return least >= 0 && greatest < limit; };
  if (index.range->known && fits(index.range->least, index.range->greatest)) return;
  Scratch scratch(2 * sizeof(int32_t));
  int32_t found[2];
  auto look = [&](int64_t without) {
    launch(extremes, 1, kThreads, 0, index.as<int32_t>(), index.count, without, scratch.as<int32_t>());
    read_back(found, scratch.as<int32_t>(), sizeof found);
    return fits(found[0], found[1]);
  };
  if (!index.range->known) {
    const bool all = look(INT64_MIN);
    if (index.whole) *index.range = {true, found[0], found[1]};
    if (all) return;
  }
  // Without any that is not ignored, the extremes are those of int32 the wrong way round.
  if (look(ignore) || found[0] > found[1]) return;
  fail("expected %s in [0, %lld), got %d", what, static_cast<long long>(limit), found[0] < 0 ? found[0] : found[1]);
}

}  // namespace convcore::cuda
