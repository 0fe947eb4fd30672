#include <limits>
#include <type_traits>

#include "kernels.h"
#include "numeric.h"

namespace convcore::cuda {
namespace {

// ---- strided copies: elements are moved as words of their size, or larger ones where they lie side by side --------

/// A copy between two strided sides, over the fewest dims, innermost last.
struct Walk {
  int rank = 0;
  int64_t dims[kMaxRank], to[kMaxRank], from[kMaxRank];

  void push(int64_t dim, int64_t to_stride, int64_t from_stride) {
    if (dim == 1) return;
    const bool merges = rank > 0 && to[rank - 1] == dim * to_stride && from[rank - 1] == dim * from_stride;
    if (!merges) dims[rank++] = 1;
    dims[rank - 1] *= dim;
    to[rank - 1] = to_stride;
    from[rank - 1] = from_stride;
  }
  int64_t total() const { return volume(rank, dims); }
  int unit(const int64_t* strides) const {
    int i = rank - 1;
    while (i >= 0 && strides[i] != 1) --i;
    return i;
  }
  void remove(int i) {
    --rank;
    for (int d = i; d < rank; ++d) {
      dims[d] = dims[d + 1];
      to[d] = to[d + 1];
      from[d] = from[d + 1];
    }
  }
};

Walk walk(const Strided& p, bool read) {
  Walk w;
  int64_t dense[kMaxRank] = {}, stride = 1;
  for (int i = static_cast<int>(p.rank) - 1; i >= 0; --i) dense[i] = stride, stride *= p.dims[i];
  for (int i = 0; i < p.rank; ++i) w.push(p.dims[i], read ? dense[i] : p.strides[i], read ? p.strides[i] : dense[i]);
  return w;
}

/// Where element i lies on both sides.
struct Route {
  int rank;
  bool small;
  Divisor divisors[kMaxRank];
  int64_t dims[kMaxRank], to[kMaxRank], from[kMaxRank];

  explicit Route(const Walk& w) : rank(w.rank), small(w.total() < int64_t{1} << 31) {
    for (int d = 0; d < rank; ++d) {
      divisors[d] = Divisor(small ? w.dims[d] : 1);
      dims[d] = w.dims[d];
      to[d] = w.to[d];
      from[d] = w.from[d];
    }
  }
  __device__ void at(int64_t i, int64_t& to_offset, int64_t& from_offset) const {
    to_offset = from_offset = 0;
    uint32_t low = static_cast<uint32_t>(i);
    for (int d = rank - 1; d >= 0; --d) {
      int64_t index;
      if (small) {
        index = d == 0 ? low : divisors[d].split(low);
      } else {
        index = i % dims[d];
        i /= dims[d];
      }
      to_offset += index * to[d];
      from_offset += index * from[d];
    }
  }
};

template <class Word>
__global__ void copy_each(int64_t n, Route route, Word* to, const Word* from) {
  for_each(n, [&](int64_t i) {
    int64_t to_offset, from_offset;
    route.at(i, to_offset, from_offset);
    to[to_offset] = from[from_offset];
  });
}

constexpr int kSide = 32;  // of a tile, in elements

/// For sides whose unit strides belong to different dims: rows of the target, columns of the source. Both are
/// read and written in whole lines, and turned round in shared memory.
template <class Word>
__global__ void copy_tiles(Route batch, int64_t rows, int64_t columns, int64_t from_row, int64_t to_column, Word* to,
                           const Word* from) {
  __shared__ Word tile[kSide][kSide + 1];
  const int64_t across = (columns + kSide - 1) / kSide, down = (rows + kSide - 1) / kSide;
  const int64_t row = blockIdx.x / across % down * kSide, column = blockIdx.x % across * kSide;
  int64_t to_offset, from_offset;
  batch.at(blockIdx.x / across / down, to_offset, from_offset);
  const int x = threadIdx.x % kSide, y = threadIdx.x / kSide;
  for (int i = y; i < kSide; i += kThreads / kSide)
    if (row + i < rows && column + x < columns) tile[i][x] = from[from_offset + (row + i) * from_row + column + x];
  __syncthreads();
  for (int i = y; i < kSide; i += kThreads / kSide)
    if (row + x < rows && column + i < columns) to[to_offset + (column + i) * to_column + row + x] = tile[x][i];
}

template <class Word>
void copy_words(Walk w, std::byte* to, const std::byte* from) {
  const int row = w.unit(w.to), column = w.unit(w.from);
  auto* target = reinterpret_cast<Word*>(to);
  auto* source = reinterpret_cast<const Word*>(from);
  if constexpr (sizeof(Word) <= 8)
    if (row >= 0 && column >= 0 && row != column && w.dims[row] >= 8 && w.dims[column] >= 8) {
      const int64_t rows = w.dims[row], columns = w.dims[column], from_row = w.from[row], to_column = w.to[column];
      const int64_t tiles = ((rows + kSide - 1) / kSide) * ((columns + kSide - 1) / kSide);
      w.remove(row > column ? row : column);
      w.remove(row > column ? column : row);
      if (product(tiles, w.total()) < int64_t{1} << 31)
        return launch(copy_tiles<Word>, dim3(static_cast<unsigned>(tiles * w.total())), kThreads, 0, Route(w), rows,
                      columns, from_row, to_column, target, source);
    }
  const int64_t n = w.total();
  launch(copy_each<Word>, blocks_for(n), kThreads, 0, n, Route(w), target, source);
}

/// Whether `bytes` of neighbours, on both sides, can be one word: innermost dim, other strides and addresses allow.
bool fits(const Walk& w, int64_t size, int64_t bytes, const std::byte* to, const std::byte* from) {
  const int last = w.rank - 1;
  auto whole = [&](int64_t elements) { return elements * size % bytes == 0; };
  if (reinterpret_cast<uintptr_t>(to) % bytes || reinterpret_cast<uintptr_t>(from) % bytes) return false;
  if (bytes == size) return true;
  if (last < 0 || w.to[last] != 1 || w.from[last] != 1 || !whole(w.dims[last])) return false;
  for (int d = 0; d < last; ++d)
    if (!whole(w.to[d]) || !whole(w.from[d])) return false;
  return true;
}

void copy(Walk w, int64_t size, std::byte* to, const std::byte* from) {
  int64_t bytes = 16;
  while (bytes > size && !fits(w, size, bytes, to, from)) bytes /= 2;
  if (const int64_t factor = bytes / size; factor > 1) {
    w.dims[w.rank - 1] /= factor;
    for (int d = 0; d < w.rank - 1; ++d) w.to[d] /= factor, w.from[d] /= factor;
  }
  switch (bytes) {
    case 16: return copy_words<uint4>(w, to, from);
    case 8: return copy_words<uint64_t>(w, to, from);
    case 4: return copy_words<uint32_t>(w, to, from);
    case 2: return copy_words<uint16_t>(w, to, from);
    default: return copy_words<uint8_t>(w, to, from);
  }
}

// ---- conversions ----------------------------------------------------------------------------------------------------

template <class T>
constexpr bool kInteger = std::is_integral_v<T>;

/// Floats become integers by truncation; what does not fit saturates, and NaN is 0.
template <class To, class From>
__host__ __device__ __forceinline__ To convert(From value) {
  if constexpr (kInteger<To> && !kInteger<From>) {
    constexpr double low = std::numeric_limits<To>::min(), high = std::numeric_limits<To>::max();
    double v = static_cast<double>(load(value));
    if (v != v) return 0;
    v = v > low ? v : low;
    v = v < high ? v : high;
    return static_cast<To>(static_cast<int32_t>(v));
  } else if constexpr (kInteger<To>) {
    return static_cast<To>(value);
  } else if constexpr (std::is_same_v<To, Compute<To>>) {
    return static_cast<To>(load(value));
  } else {
    return store<To>(static_cast<float>(load(value)));
  }
}

template <class T>
struct alignas(4 * sizeof(T)) Four {
  T v[4];
};

template <class From, class To>
__global__ void cast_fours(int64_t n, const From* x, To* y) {
  for_each(n, [&](int64_t i) {
    const Four<From> from = reinterpret_cast<const Four<From>*>(x)[i];
    Four<To> to;
    for (int j = 0; j < 4; ++j) to.v[j] = convert<To>(from.v[j]);
    reinterpret_cast<Four<To>*>(y)[i] = to;
  });
}

template <class From, class To>
__global__ void cast_each(int64_t begin, int64_t n, const From* x, To* y) {
  for_each(n - begin, [&](int64_t i) { y[begin + i] = convert<To>(x[begin + i]); });
}

template <class T>
__global__ void fill_each(int64_t n, T value, T* y) {
  for_each(n, [&](int64_t i) { y[i] = value; });
}

}  // namespace

void strided_read(const Strided& p, AnyIn x, AnyOut y) {
  if (p.dense() == 0) return;
  const auto size = static_cast<int64_t>(size_of(x.dtype));
  copy(walk(p, true), size, y.as<std::byte>(), x.as<std::byte>() + p.offset * size);
}

void strided_write(const Strided& p, AnyIn x, AnyInOut y) {
  if (p.dense() == 0) return;
  const auto size = static_cast<int64_t>(size_of(x.dtype));
  copy(walk(p, false), size, y.as<std::byte>() + p.offset * size, x.as<std::byte>());
}

void cast(int64_t n, AnyIn x, CastOut y) {
  dispatch_every(x.dtype, [&](auto x_zero) {
    dispatch_every(y.dtype, [&](auto y_zero) {
      using From = decltype(x_zero);
      using To = decltype(y_zero);
      auto fits = [](const void* address, size_t bytes) { return reinterpret_cast<uintptr_t>(address) % bytes == 0; };
      const int64_t fours = fits(x.data, 4 * sizeof(From)) && fits(y.data, 4 * sizeof(To)) ? n / 4 : 0;
      const From* from = x.as<From>();
      if (fours) launch(cast_fours<From, To>, blocks_for(fours), kThreads, 0, fours, from, y.as<To>());
      launch(cast_each<From, To>, blocks_for(n - 4 * fours), kThreads, 0, 4 * fours, n, from, y.as<To>());
    });
  });
}

void fill(int64_t n, double value, AnyOut y) {
  dispatch_every(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(fill_each<T>, blocks_for(n), kThreads, 0, n, convert<T>(value), y.as<T>());
  });
}

}  // namespace convcore::cuda
