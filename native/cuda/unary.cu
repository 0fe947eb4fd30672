#include "kernels.h"
#include "map.h"

namespace convcore::cuda {
namespace {

template <class C>
struct Exp {
  __device__ C operator()(C x) const { return exponential(x); }
};
template <class C>
struct Log {
  __device__ C operator()(C x) const { return logarithm(x); }
};
template <class C>
struct Sqrt {
  __device__ C operator()(C x) const { return square_root(x); }
};
template <class C>
struct Abs {
  __device__ C operator()(C x) const { return x < 0 ? -x : x + 0; }
};
template <class C>
struct Sign {
  __device__ C operator()(C x) const { return x > 0 ? C(1) : x < 0 ? C(-1) : x; }
};

// NaN passes.
template <class C>
struct Clamp {
  C low, high;
  __device__ C operator()(C x) const {
    const C raised = x < low ? low : x;
    return raised > high ? high : raised;
  }
};
template <class C>
struct ClampBackward {
  C low, high;
  __device__ C operator()(C x, C dy) const { return x >= low && x <= high ? dy : C(0); }
};
template <class C>
struct StrictClampBackward {
  C low, high;
  __device__ C operator()(C x, C dy) const { return x > low && x < high ? dy : C(0); }
};

template <class C>
struct Scale {
  C factor;
  __device__ C operator()(C x) const { return x * factor; }
};
template <class C>
struct Add {
  __device__ C operator()(C a, C b) const { return a + b; }
};

__global__ void increment_all(int64_t n, int32_t* x) {
  for_each(n, [&](int64_t i) { x[i] = static_cast<int32_t>(static_cast<uint32_t>(x[i]) + 1); });
}

}  // namespace

void exp(int64_t n, In x, Out y) { map_floats<Exp>(n, x, y); }
void log(int64_t n, In x, Out y) { map_floats<Log>(n, x, y); }
void sqrt(int64_t n, In x, Out y) { map_floats<Sqrt>(n, x, y); }
void abs(int64_t n, In x, Out y) { map_floats<Abs>(n, x, y); }
void sign(int64_t n, In x, Out y) { map_floats<Sign>(n, x, y); }

void clamp(int64_t n, double low, double high, In x, Out y) { map_floats<Clamp>(n, x, y, low, high); }
void clamp_backward(int64_t n, double low, double high, int64_t strict, In x, In dy, Out dx) {
  if (strict)
    map_pairs<StrictClampBackward>(n, x, dy, dx, low, high);
  else
    map_pairs<ClampBackward>(n, x, dy, dx, low, high);
}

void scale(int64_t n, double factor, In x, Out y) { map_floats<Scale>(n, x, y, factor); }
void accumulate(int64_t n, In x, InOut y) { map_pairs<Add>(n, x, y, y); }

void increment(int64_t n, IndexInOut x) { launch(increment_all, blocks_for(n), kThreads, 0, n, x.as<int32_t>()); }

}  // namespace convcore::cuda
