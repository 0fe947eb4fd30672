#include "broadcast.h"
#include "kernels.h"

namespace convcore::cuda {
namespace {

template <class C>
struct Equal {
  __device__ uint8_t operator()(C a, C b) const { return a == b; }
};
template <class C>
struct Unequal {
  __device__ uint8_t operator()(C a, C b) const { return a != b; }
};
template <class C>
struct Less {
  __device__ uint8_t operator()(C a, C b) const { return a < b; }
};
template <class C>
struct LessOrEqual {
  __device__ uint8_t operator()(C a, C b) const { return a <= b; }
};

template <template <class> class F>
void compare(const Broadcast& p, const AnyIn& a, const AnyIn& b, const ByteOut& y) {
  dispatch_every(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    run<T, uint8_t>(p, F<Compute<T>>{}, a.as<T>(), b.as<T>(), y.as<uint8_t>());
  });
}

template <class T>
__global__ void choose(int64_t n, const uint8_t* condition, const T* a, const T* b, T* y) {
  for_each(n, [&](int64_t i) { y[i] = condition[i] ? a[i] : b[i]; });
}

}  // namespace

void eq(const Broadcast& p, AnyIn a, AnyIn b, ByteOut y) { compare<Equal>(p, a, b, y); }
void ne(const Broadcast& p, AnyIn a, AnyIn b, ByteOut y) { compare<Unequal>(p, a, b, y); }
void lt(const Broadcast& p, AnyIn a, AnyIn b, ByteOut y) { compare<Less>(p, a, b, y); }
void le(const Broadcast& p, AnyIn a, AnyIn b, ByteOut y) { compare<LessOrEqual>(p, a, b, y); }

void where(int64_t n, ByteIn condition, AnyIn a, AnyIn b, AnyOut y) {
  dispatch_every(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(choose<T>, blocks_for(n), kThreads, 0, n, static_cast<const uint8_t*>(condition.as<uint8_t>()),
           static_cast<const T*>(a.as<T>()), static_cast<const T*>(b.as<T>()), y.as<T>());
  });
}

}  // namespace convcore::cuda
