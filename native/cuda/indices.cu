#include "context.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

/// The least and the greatest of n ≥ 1 numbers, by one block.
__global__ void extremes(const int32_t* x, int64_t n, int32_t* result) {
  __shared__ int32_t least[kThreads / 32], greatest[kThreads / 32];
  int32_t low = x[0], high = x[0];
  for (int64_t i = threadIdx.x; i < n; i += kThreads) {
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

void check_indices(const IndexIn& index, int64_t limit, const char* what) {
  if (index.count == 0) return;
  if (index.range->known && index.range->least >= 0 && index.range->greatest < limit) return;
  Scratch scratch(2 * sizeof(int32_t));
  launch(extremes, 1, kThreads, 0, index.as<int32_t>(), index.count, scratch.as<int32_t>());
  int32_t found[2];
  read_back(found, scratch.as<int32_t>(), sizeof found);
  if (found[0] < 0 || found[1] >= limit)
    fail("expected %s in [0, %lld), got %d", what, static_cast<long long>(limit), found[0] < 0 ? found[0] : found[1]);
  if (index.whole) *index.range = {true, found[0], found[1]};
}

}  // namespace convcore::cuda
