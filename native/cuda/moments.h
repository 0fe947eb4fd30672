// Mean and variance of columns in one pass.
#pragma once
#include "reduction.h"

namespace convcore::cuda {
namespace {

/// Count, mean and sum of squared distances from it (Welford: "Note on a method for calculating corrected sums of
/// squares and products", 1962; merged as in Chan, Golub, LeVeque, 1979).
template <class C>
struct Moments {
  C count, mean, squares;  // no initialiser, since shared memory has none: Moments{} is empty

  __device__ void add(C x) {
    count += 1;
    const C distance = x - mean;
    mean += distance / count;
    squares += distance * (x - mean);
  }
  __device__ void merge(const Moments& other) {
    if (other.count == 0) return;
    const C total = count + other.count, distance = other.mean - mean, weight = other.count / total;
    squares += other.squares + distance * distance * count * weight;
    mean += distance * weight;
    count = total;
  }
};

}  // namespace
}  // namespace convcore::cuda
