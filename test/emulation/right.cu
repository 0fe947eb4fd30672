// Kernels without a bug, of the kinds that convcore has: the emulation must compute them right and find nothing.
#include <cstring>

#include "kernels.h"

namespace {

constexpr int kTile = 16;

// x [H, W] → columns [9, H, W], a 3×3 window with padding 1.
__global__ void im2col(const float* x, float* columns, int height, int width) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= 9 * height * width) return;
  int tap = i / (height * width), row = i / width % height + tap / 3 - 1, column = i % width + tap % 3 - 1;
  bool inside = row >= 0 && row < height && column >= 0 && column < width;
  columns[i] = inside ? x[row * width + column] : 0;
}

__device__ float warp_sum(float value) {
  for (int delta = 16; delta > 0; delta /= 2) value += __shfl_down_sync(0xffffffffu, value, delta);
  return value;
}

// Blocks of whole warps.
template <class T>
__global__ void sum(const T* x, T* total, int count) {
  __shared__ T partial[32];
  T value = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) value += x[i];
  value = warp_sum(value);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = value;
  __syncthreads();
  if (threadIdx.x >= 32) return;
  value = threadIdx.x < blockDim.x / 32 ? partial[threadIdx.x] : T(0);
  value = warp_sum(value);
  if (threadIdx.x == 0) atomicAdd(total, value);
}

// c [M, N] = a [M, K] b [K, N].
__global__ void gemm(const float* a, const float* b, float* c, int m, int n, int k) {
  __shared__ float tile_a[kTile][kTile + 1], tile_b[kTile][kTile + 1];
  int row = blockIdx.y * kTile + threadIdx.y, column = blockIdx.x * kTile + threadIdx.x;
  float value = 0;
  for (int begin = 0; begin < k; begin += kTile) {
    int ka = begin + threadIdx.x, kb = begin + threadIdx.y;
    tile_a[threadIdx.y][threadIdx.x] = row < m && ka < k ? a[row * k + ka] : 0;
    tile_b[threadIdx.y][threadIdx.x] = kb < k && column < n ? b[kb * n + column] : 0;
    __syncthreads();
    for (int i = 0; i < kTile; ++i) value = __fmaf_rn(tile_a[threadIdx.y][i], tile_b[i][threadIdx.x], value);
    __syncthreads();
  }
  if (row < m && column < n) c[row * n + column] = value;
}

// x [H, W] → y [H/2, W/2], which of the four was the maximum → taken.
__global__ void maxpool(const float* x, float* y, unsigned char* taken, int height, int width) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= height / 2 * (width / 2)) return;
  const float* window = x + i / (width / 2) * 2 * width + i % (width / 2) * 2;
  float best = window[0];
  int which = 0;
  for (int j = 1; j < 4; ++j) {
    float value = __ldg(&window[j / 2 * width + j % 2]);
    if (value > best) best = value, which = j;
  }
  y[i] = best;
  taken[i] = static_cast<unsigned char>(which);
}

// One block per row; a row lies in dynamic shared memory.
__global__ void softmax(const float* x, float* y, int classes) {
  DYN_SHARED(float, row);
  __shared__ float scratch;
  x += static_cast<size_t>(blockIdx.x) * classes;
  y += static_cast<size_t>(blockIdx.x) * classes;
  for (int i = threadIdx.x; i < classes; i += blockDim.x) row[i] = x[i];
  __syncthreads();
  if (threadIdx.x < 32) {
    float largest = -INFINITY;
    for (int i = threadIdx.x; i < classes; i += 32) largest = max(largest, row[i]);
    for (int bits = 16; bits > 0; bits /= 2) largest = max(largest, __shfl_xor_sync(0xffffffffu, largest, bits));
    if (threadIdx.x == 0) scratch = largest;
  }
  __syncthreads();
  float largest = scratch;
  for (int i = threadIdx.x; i < classes; i += blockDim.x) row[i] = expf(row[i] - largest);
  __syncthreads();
  if (threadIdx.x < 32) {
    float total = 0;
    for (int i = threadIdx.x; i < classes; i += 32) total += row[i];
    total = warp_sum(total);
    if (threadIdx.x == 0) scratch = total;
  }
  __syncthreads();
  for (int i = threadIdx.x; i < classes; i += blockDim.x) y[i] = row[i] / scratch;
}

// Reverses each warp's 32 values in shared memory: a warp's own barrier is enough.
__global__ void reverse_in_warps(float* x) {
  __shared__ float values[128];
  int first = threadIdx.x / 32 * 32, lane = threadIdx.x % 32;
  values[threadIdx.x] = x[threadIdx.x];
  __syncwarp();
  float value = values[first + 31 - lane];
  __syncwarp();
  values[threadIdx.x] = value;
  x[threadIdx.x] = values[threadIdx.x];
}

// counts: threads above 0 by ballot, by the block's count; whether any, whether all.
__global__ void votes(const float* x, int* counts) {
  bool positive = x[threadIdx.x] > 0;
  unsigned lanes = __ballot_sync(0xffffffffu, positive);
  if (threadIdx.x % 32 == 0) atomicAdd(&counts[0], __popc(lanes));
  int count = __syncthreads_count(positive);
  int any = __any_sync(0xffffffffu, positive), all = __all_sync(0xffffffffu, positive);
  if (threadIdx.x == 0) counts[1] = count, counts[2] = any, counts[3] = all;
}

__global__ void add_one(float4* x, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  float4 v = x[i];
  x[i] = make_float4(v.x + 1, v.y + 1, v.z + 1, v.w + 1);
}

// An in-place update of elements smaller than a word.
__global__ void invert(unsigned char* mask, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) mask[i] = !mask[i];
}

// Pairs of 2-byte elements, two to a word: all threads read the first ones, each thread updates a second one.
__global__ void add_shared_neighbour(unsigned short* pairs, int count) {
  unsigned sum = 0;
  for (int i = 0; i < count; ++i) sum += pairs[2 * i];
  int i = threadIdx.x;
  if (i < count) pairs[2 * i + 1] = static_cast<unsigned short>(pairs[2 * i + 1] + sum);
}

void test_im2col() {
  constexpr int kHeight = 7, kWidth = 9, kCount = 9 * kHeight * kWidth;
  std::vector<float> x = numbers(kHeight * kWidth), expected(kCount);
  for (int i = 0; i < kCount; ++i) {
    int tap = i / (kHeight * kWidth), row = i / kWidth % kHeight + tap / 3 - 1, column = i % kWidth + tap % 3 - 1;
    bool inside = row >= 0 && row < kHeight && column >= 0 && column < kWidth;
    expected[i] = inside ? x[row * kWidth + column] : 0;
  }
  Array<float> dx(x), columns(kCount);
  OK(launch(im2col, (kCount + 63) / 64, 64, 0, nullptr, dx.data(), columns.data(), kHeight, kWidth));
  expect_close("im2col", columns.read(), expected);
}

void test_sum() {
  std::vector<float> x = numbers(5000), total(1);
  for (float value : x) total[0] += value;
  Array<float> dx(x), y(std::vector<float>(1));
  OK(launch(sum<float>, 5, 256, 0, nullptr, dx.data(), y.data(), 5000));
  expect_close("sum", y.read(), total);
}

void test_gemm() {
  constexpr int kM = 35, kN = 18, kK = 41;
  std::vector<float> a = numbers(kM * kK), b = numbers(kK * kN), c(kM * kN);
  for (int i = 0; i < kM * kN; ++i) {
    for (int j = 0; j < kK; ++j) c[i] += a[i / kN * kK + j] * b[j * kN + i % kN];
  }
  Array<float> da(a), db(b), dc(kM * kN);
  dim3 grid((kN + kTile - 1) / kTile, (kM + kTile - 1) / kTile), block(kTile, kTile);
  OK(launch(gemm, grid, block, 0, nullptr, da.data(), db.data(), dc.data(), kM, kN, kK));
  expect_close("gemm", dc.read(), c);
}

void test_maxpool() {
  constexpr int kHeight = 12, kWidth = 10, kCount = kHeight / 2 * (kWidth / 2);
  std::vector<float> x = numbers(kHeight * kWidth), expected(kCount);
  for (int i = 0; i < kCount; ++i) {
    const float* window = &x[i / (kWidth / 2) * 2 * kWidth + i % (kWidth / 2) * 2];
    expected[i] = std::fmax(std::fmax(window[0], window[1]), std::fmax(window[kWidth], window[kWidth + 1]));
  }
  Array<float> dx(x), y(kCount);
  Array<unsigned char> taken(kCount);
  OK(launch(maxpool, 1, 64, 0, nullptr, dx.data(), y.data(), taken.data(), kHeight, kWidth));
  expect_close("maxpool", y.read(), expected);
}

void test_softmax() {
  constexpr int kRows = 5, kClasses = 77;
  std::vector<float> x = numbers(kRows * kClasses), expected(x.size());
  for (int row = 0; row < kRows; ++row) {
    float total = 0;
    for (int i = 0; i < kClasses; ++i) total += std::exp(x[row * kClasses + i]);
    for (int i = 0; i < kClasses; ++i) expected[row * kClasses + i] = std::exp(x[row * kClasses + i]) / total;
  }
  Array<float> dx(x), y(kRows * kClasses);
  OK(launch(softmax, kRows, 64, kClasses * sizeof(float), nullptr, dx.data(), y.data(), kClasses));
  expect_close("softmax", y.read(), expected);
}

void test_warps() {
  std::vector<float> x = numbers(128), expected(128);
  for (int i = 0; i < 128; ++i) expected[i] = x[i / 32 * 32 + 31 - i % 32];
  Array<float> dx(x);
  OK(launch(reverse_in_warps, 1, 128, 0, nullptr, dx.data()));
  expect_close("reverse_in_warps", dx.read(), expected);

  int positive = 0;
  for (float value : x) positive += value > 0;
  Array<int> counts(std::vector<int>(4));
  Array<float> same(x);
  OK(launch(votes, 1, 128, 0, nullptr, same.data(), counts.data()));
  std::vector<int> found = counts.read();
  expect_close("votes", std::vector<float>(found.begin(), found.end()),
               {static_cast<float>(positive), static_cast<float>(positive), 1, 0});
}

void test_bytes() {
  Array<unsigned char> mask(std::vector<unsigned char>{0, 1, 1, 0, 1, 0, 0});
  OK(launch(invert, 1, 32, 0, nullptr, mask.data(), 7));
  std::vector<unsigned char> found = mask.read();
  expect_close("invert", std::vector<float>(found.begin(), found.end()), {1, 0, 0, 1, 0, 1, 1});

  Array<unsigned short> pairs(std::vector<unsigned short>(128, 1));
  OK(launch(add_shared_neighbour, 1, 64, 0, nullptr, pairs.data(), 64));
  expect_close("add_shared_neighbour", {static_cast<float>(pairs.read()[1])}, {65});
}

// Up in one stream, a kernel in the next, down in the third; pinned memory; on the second device.
void test_streams() {
  constexpr int kCount = 1000;
  OK(cudaSetDevice(1));
  float* pinned;
  OK(cudaMallocHost(&pinned, kCount * sizeof(float)));
  std::vector<float> x = numbers(kCount), expected(kCount);
  for (int i = 0; i < kCount; ++i) expected[i] = x[i] + 1;
  std::memcpy(pinned, x.data(), kCount * sizeof(float));
  {
    Array<float> dx(kCount);
    cudaStream_t streams[3];
    cudaEvent_t events[2];
    for (cudaStream_t& stream : streams) OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    for (cudaEvent_t& event : events) OK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    OK(cudaMemcpyAsync(dx.data(), pinned, kCount * sizeof(float), cudaMemcpyHostToDevice, streams[0]));
    OK(cudaEventRecord(events[0], streams[0]));
    OK(cudaStreamWaitEvent(streams[1], events[0], 0));
    OK(launch(add_one, 4, 64, 0, streams[1], reinterpret_cast<float4*>(dx.data()), kCount / 4));
    OK(cudaEventRecord(events[1], streams[1]));
    OK(cudaStreamWaitEvent(streams[2], events[1], 0));
    OK(cudaMemcpyAsync(pinned, dx.data(), kCount * sizeof(float), cudaMemcpyDeviceToHost, streams[2]));
    OK(cudaStreamSynchronize(streams[2]));
    expect_close("streams", std::vector<float>(pinned, pinned + kCount), expected);
    for (cudaStream_t stream : streams) OK(cudaStreamDestroy(stream));
    for (cudaEvent_t event : events) OK(cudaEventDestroy(event));
  }
  OK(cudaFreeHost(pinned));
  OK(cudaSetDevice(0));
}

void test_errors() {
  void* memory = nullptr;
  size_t free, total;
  OK(cudaMemGetInfo(&free, &total));
  bool refused = cudaMalloc(&memory, total + 1) == cudaErrorMemoryAllocation &&
                 cudaGetLastError() == cudaErrorMemoryAllocation && cudaGetLastError() == cudaSuccess;
  Array<float> x(4);
  refused = refused && launch(reverse_in_warps, 1, 2048, 0, nullptr, x.data()) == cudaErrorInvalidConfiguration;
  refused = refused && launch(softmax, 1, 32, size_t{100} << 10, nullptr, x.data(), x.data(), 1) != cudaSuccess;
  if (refused && launch(softmax, 0, 32, 0, nullptr, x.data(), x.data(), 1) == cudaSuccess) return;
  std::fprintf(stderr, "wrong result: what CUDA refuses was accepted, or the reverse\n");
  std::exit(1);
}

}  // namespace

int main() {
  test_im2col();
  test_sum();
  test_gemm();
  test_maxpool();
  test_softmax();
  test_warps();
  test_bytes();
  test_streams();
  test_errors();
  OK(cudaDeviceSynchronize());
}
