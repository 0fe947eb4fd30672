#include <limits>

#include "../check.h"
#include "indices.h"
#include "kernels.h"

namespace convcore::cpu::ISA {
namespace {

/// sources[n, place, c] ← the last of the cells whose values go to that place, −1 where none does.
void find_sources(int64_t n, int64_t channels, int64_t cells, int64_t places, const int32_t* indices,
                  int32_t* sources) {
  constexpr int64_t block = 64;  // channels
  const int64_t blocks = divide_up(channels, block);
  parallel(n * blocks, [&](int64_t job) {
    const int64_t image = job / blocks, first = job % blocks * block, width = lesser(block, channels - first);
    int32_t* to = sources + image * places * channels + first;
    for (int64_t place = 0; place < places; ++place)
      for (int64_t c = 0; c < width; ++c) to[place * channels + c] = -1;
    const int32_t* at = indices + image * cells * channels + first;
    for (int64_t cell = 0; cell < cells; ++cell)
      for (int64_t c = 0; c < width; ++c) to[at[cell * channels + c] * channels + c] = static_cast<int32_t>(cell);
  });
}

void check_cells(int64_t cells) {
  if (cells > std::numeric_limits<int32_t>::max())
    fail("expected an image whose cells int32 can index, got %lld of them", static_cast<long long>(cells));
}

}  // namespace

void max_unpool(int64_t n, int64_t c, int64_t cells, int64_t places, IndexIn indices, In x, Out y) {
  check_cells(cells);
  check_indices(indices, places);
  const Scratch scratch(y.count * int64_t{sizeof(int32_t)});
  int32_t* sources = scratch.as<int32_t>();
  find_sources(n, c, cells, places, indices.as<int32_t>(), sources);
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    if (c == 0) return;
    parallel_range(n * places, at_least_one(kGrain / c), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* from = x.as<T>() + i / places * cells * c;
        const int32_t* source = sources + i * c;
        T* to = y.as<T>() + i * c;
        for (int64_t k = 0; k < c; ++k) to[k] = source[k] < 0 ? T(0) : from[source[k] * c + k];
      }
    });
  });
}

void max_unpool_backward(int64_t n, int64_t c, int64_t cells, int64_t places, IndexIn indices, In dy, Out dx) {
  check_cells(cells);
  check_indices(indices, places);
  const Scratch scratch(dy.count * int64_t{sizeof(int32_t)});
  int32_t* sources = scratch.as<int32_t>();
  find_sources(n, c, cells, places, indices.as<int32_t>(), sources);
  dispatch_float(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    if (c == 0) return;
    parallel_range(n * cells, at_least_one(kGrain / c), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t image = i / cells * places * c;
        const int32_t* at = indices.as<int32_t>() + i * c;
        T* to = dx.as<T>() + i * c;
        for (int64_t k = 0; k < c; ++k) {
          const int64_t place = image + at[k] * c + k;
          to[k] = sources[place] == i % cells ? dy.as<T>()[place] : T(0);
        }
      }
    });
  });
}

}  // namespace convcore::cpu::ISA
