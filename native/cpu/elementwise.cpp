#include "kernels.h"
#include "reduction.h"

namespace convcore::cpu::ISA {
namespace {

/// A Broadcast with its dimensions from the innermost outwards, those of one element dropped and those that lie
/// seamlessly in both operands joined.
struct Loops {
  int64_t rank = 0, dims[kMaxRank], stride_a[kMaxRank], stride_b[kMaxRank];

  explicit Loops(const Broadcast& p) {
    for (int64_t i = p.rank - 1; i >= 0; --i) {
      if (p.dims[i] == 1) continue;
      const int64_t inner = rank - 1;
      if (rank > 0 && p.stride_a[i] == stride_a[inner] * dims[inner] &&
          p.stride_b[i] == stride_b[inner] * dims[inner]) {
        dims[inner] *= p.dims[i];
        continue;
      }
      dims[rank] = p.dims[i];
      stride_a[rank] = p.stride_a[i];
      stride_b[rank] = p.stride_b[i];
      ++rank;
    }
    if (rank == 0) dims[0] = stride_a[0] = stride_b[0] = rank = 1;
  }
};

/// y[i] = f(a[i · step_a], b[i · step_b])
template <class T, class Y, class F>
[[gnu::always_inline]] inline void run(int64_t n, const T* a, int64_t step_a, const T* b, int64_t step_b, Y* y, F f) {
  if (step_a == 1 && step_b == 1) {
    for (int64_t i = 0; i < n; ++i) y[i] = f(a[i], b[i]);
  } else if (step_a == 1 && step_b == 0) {
    for (int64_t i = 0, s = 0; i < n; ++i) y[i] = f(a[i], b[s]);
  } else if (step_a == 0 && step_b == 1) {
    for (int64_t i = 0, s = 0; i < n; ++i) y[i] = f(a[s], b[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) y[i] = f(a[i * step_a], b[i * step_b]);
  }
}

template <class T, class Y, class F>
[[gnu::always_inline]] inline void broadcast(const Broadcast& p, const T* a, const T* b, Y* y, F f) {
  const Loops loops(p);
  parallel_range(p.y(), kGrain, [&](int64_t begin, int64_t end) {
    int64_t at[kMaxRank], offset_a = 0, offset_b = 0;
    for (int64_t d = 0, rest = begin; d < loops.rank; ++d) {
      at[d] = rest % loops.dims[d];
      rest /= loops.dims[d];
      offset_a += at[d] * loops.stride_a[d];
      offset_b += at[d] * loops.stride_b[d];
    }
    while (true) {
      const int64_t length = lesser(loops.dims[0] - at[0], end - begin);
      run(length, a + offset_a, loops.stride_a[0], b + offset_b, loops.stride_b[0], y + begin, f);
      begin += length;
      if (begin == end) return;
      offset_a -= at[0] * loops.stride_a[0];
      offset_b -= at[0] * loops.stride_b[0];
      at[0] = 0;
      for (int64_t d = 1;; ++d) {
        offset_a += loops.stride_a[d];
        offset_b += loops.stride_b[d];
        if (++at[d] < loops.dims[d]) break;
        at[d] = 0;
        offset_a -= loops.dims[d] * loops.stride_a[d];
        offset_b -= loops.dims[d] * loops.stride_b[d];
      }
    }
  });
}

template <class F>
[[gnu::always_inline]] inline void arithmetic(const Broadcast& p, const In& a, const In& b, const Out& y, F f) {
  dispatch_float(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    broadcast(p, a.as<T>(), b.as<T>(), y.as<T>(), f);
  });
}

}  // namespace

void add(const Broadcast& p, In a, In b, Out y) {
  arithmetic(p, a, b, y, [](auto u, auto v) { return u + v; });
}

void sub(const Broadcast& p, In a, In b, Out y) {
  arithmetic(p, a, b, y, [](auto u, auto v) { return u - v; });
}

void mul(const Broadcast& p, In a, In b, Out y) {
  arithmetic(p, a, b, y, [](auto u, auto v) { return u * v; });
}

void div(const Broadcast& p, In a, In b, Out y) {
  arithmetic(p, a, b, y, [](auto u, auto v) { return u / v; });
}

void eq(const Broadcast& p, AnyIn a, AnyIn b, ByteOut y) {
  dispatch_any(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    broadcast(p, a.as<T>(), b.as<T>(), y.as<uint8_t>(), [](T u, T v) { return static_cast<uint8_t>(u == v); });
  });
}

void scale(int64_t n, double factor, In x, Out y) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* from = x.as<T>();
    T* to = y.as<T>();
    parallel_range(n, kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = from[i] * static_cast<T>(factor);
    });
  });
}

void accumulate(int64_t n, In x, InOut y) {
  dispatch_float(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* from = x.as<T>();
    T* to = y.as<T>();
    parallel_range(n, kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] += from[i];
    });
  });
}

void increment(int64_t n, IndexInOut x) {
  for (int64_t i = 0; i < n; ++i) {
    int32_t& value = x.as<int32_t>()[i];
    value = static_cast<int32_t>(static_cast<uint32_t>(value) + 1);
  }
}

}  // namespace convcore::cpu::ISA
