#include "broadcast.h"
#include "kernels.h"

namespace convcore::cuda {
namespace {

template <class C>
struct Add {
  __device__ C operator()(C a, C b) const { return a + b; }
};
template <class C>
struct Sub {
  __device__ C operator()(C a, C b) const { return a - b; }
};
template <class C>
struct Mul {
  __device__ C operator()(C a, C b) const { return a * b; }
};
template <class C>
struct Div {
  __device__ C operator()(C a, C b) const { return a / b; }
};
template <class C>
struct Pow {
  __device__ C operator()(C a, C b) const { return power(a, b); }
};
// NaN passes from either side.
template <class C>
struct Maximum {
  __device__ C operator()(C a, C b) const { return a > b || a != a ? a : b; }
};
template <class C>
struct Minimum {
  __device__ C operator()(C a, C b) const { return a < b || a != a ? a : b; }
};

template <template <class> class F>
void arithmetic(const Broadcast& p, const In& a, const In& b, const Out& y) {
  dispatch_storage(y.dtype, [&](auto zero) {
    using T = decltype(zero);
    run<T, T>(p, F<Compute<T>>{}, a.as<T>(), b.as<T>(), y.as<T>());
  });
}

}  // namespace

void add(const Broadcast& p, In a, In b, Out y) { arithmetic<Add>(p, a, b, y); }
void sub(const Broadcast& p, In a, In b, Out y) { arithmetic<Sub>(p, a, b, y); }
void mul(const Broadcast& p, In a, In b, Out y) { arithmetic<Mul>(p, a, b, y); }
void div(const Broadcast& p, In a, In b, Out y) { arithmetic<Div>(p, a, b, y); }
void pow(const Broadcast& p, In a, In b, Out y) { arithmetic<Pow>(p, a, b, y); }
void maximum(const Broadcast& p, In a, In b, Out y) { arithmetic<Maximum>(p, a, b, y); }
void minimum(const Broadcast& p, In a, In b, Out y) { arithmetic<Minimum>(p, a, b, y); }

}  // namespace convcore::cuda
