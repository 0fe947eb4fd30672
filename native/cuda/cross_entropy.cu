#include "kernels.h"
#include "reduction.h"

namespace convcore::cuda {
namespace {

/// Softmax and cross-entropy of each row in one go.
template <class T, class Group>
__global__ void cross_entropy_rows(int64_t rows, int64_t classes, int64_t ignore, Compute<T> smoothing, const T* x,
                                   const Compute<T>* weight, const int32_t* target, Compute<T>* loss,
                                   Compute<T>* log_sum_exp, Compute<T>* row_weight) {
  using C = Compute<T>;
  Group group;
  for (int64_t row = group.first(); row < rows; row += group.step()) {
    const T* from = x + row * classes;
    const int32_t wanted = target[row];
    if (wanted == ignore) {
      if (group.lane() == 0) loss[row] = log_sum_exp[row] = row_weight[row] = 0;
      continue;
    }
    C top = lowest<C>(), total = 0, even = 0;
    for (int64_t i = group.lane(); i < classes; i += Group::kSize) {
      const C v = load(from[i]);
      top = v > top ? v : top;
    }
    top = group.max(top);
    for (int64_t i = group.lane(); i < classes; i += Group::kSize) total += exponential(load(from[i]) - top);
    const C log_sum = logarithm(group.sum(total));
    if (smoothing != 0) {
      for (int64_t i = group.lane(); i < classes; i += Group::kSize)
        even += (weight ? weight[i] : C(1)) * (log_sum - (load(from[i]) - top));
      even = group.sum(even) * smoothing / classes;
    }
    if (group.lane() != 0) continue;
    const C share = weight ? weight[wanted] : C(1);
    loss[row] = (1 - smoothing) * share * (log_sum - (load(from[wanted]) - top)) + even;
    log_sum_exp[row] = top + log_sum;
    row_weight[row] = share;
  }
}

/// `whole` is the sum of the weights, where there are some.
template <class T>
__global__ void cross_entropy_backward_each(int64_t n, int64_t classes, int64_t ignore, Compute<T> smoothing,
                                            const T* x, const Compute<T>* weight, const Compute<T>* whole,
                                            const int32_t* target, const Compute<T>* log_sum_exp,
                                            const Compute<T>* row_weight, const Compute<T>* dloss, T* dx) {
  using C = Compute<T>;
  const C s = smoothing / classes;
  for_each(n * classes, [&](int64_t i) {
    const int64_t row = i / classes, c = i % classes;
    const int32_t wanted = target[row];
    const C hard = (1 - smoothing) * row_weight[row], even = weight ? s * weight[c] : s;
    const C factor = hard + (whole ? s * *whole : smoothing);
    const C slope = exponential(load(x[i]) - log_sum_exp[row]) * factor - even;
    dx[i] = store<T>(wanted == ignore ? C(0) : (c == wanted ? slope - hard : slope) * dloss[row]);
  });
}

/// The sum of n numbers, by one block.
template <class C>
__global__ void sum_of(int64_t n, const C* x, C* sum) {
  BlockGroup<C> group;
  C total = 0;
  for (int64_t i = group.lane(); i < n; i += kThreads) total += x[i];
  total = group.sum(total);
  if (group.lane() == 0) *sum = total;
}

template <class T>
__global__ void nll_each(int64_t n, int64_t classes, int64_t ignore, const T* x, const T* weight, const int32_t* target,
                         T* loss, T* row_weight) {
  using C = Compute<T>;
  for_each(n, [&](int64_t i) {
    const int32_t wanted = target[i];
    const bool ignored = wanted == ignore;
    const C share = ignored ? C(0) : weight ? C(load(weight[wanted])) : C(1);
    row_weight[i] = store<T>(share);
    loss[i] = store<T>(ignored ? C(0) : -share * load(x[i * classes + wanted]));
  });
}

template <class T>
__global__ void nll_backward_each(int64_t n, int64_t classes, const int32_t* target, const T* row_weight,
                                  const T* dloss, T* dx) {
  for_each(n * classes, [&](int64_t i) {
    const int64_t row = i / classes;
    const bool picked = i % classes == target[row];
    dx[i] = store<T>(picked ? -load(row_weight[row]) * load(dloss[row]) : Compute<T>(0));
  });
}

}  // namespace

// With s = smoothing / classes and the probabilities p of a row:
// loss = (1 − smoothing) · weight[target] · −log p[target] + s · Σ weight · −log p
void cross_entropy(int64_t n, int64_t classes, int64_t ignore, double smoothing, In x, OptWideIn weight, IndexIn target,
                   WideOut loss, WideOut log_sum_exp, WideOut row_weight) {
  check_indices(target, classes, "class index", ignore);
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    auto run = [&](auto kernel, dim3 grid) {
      launch(kernel, grid, kThreads, 0, n, classes, ignore, static_cast<C>(smoothing), x.as<T>(), weight.as<C>(),
             target.as<int32_t>(), loss.as<C>(), log_sum_exp.as<C>(), row_weight.as<C>());
    };
    if (classes <= kLongRow)
      run(cross_entropy_rows<T, WarpGroup<C>>, WarpGroup<C>::grid(n));
    else
      run(cross_entropy_rows<T, BlockGroup<C>>, BlockGroup<C>::grid(n));
  });
}

// dx = dloss · (p · ((1 − smoothing) · weight[target] + s · Σ weight) − s · weight), at the target less
// dloss · (1 − smoothing) · weight[target]. Targets are compared and index nothing here.
void cross_entropy_backward(int64_t n, int64_t classes, int64_t ignore, double smoothing, In x, OptWideIn weight,
                            IndexIn target, WideIn log_sum_exp, WideIn row_weight, WideIn dloss, Out dx) {
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    using C = Compute<T>;
    const Scratch scratch(sizeof(C));
    C* whole = weight ? scratch.as<C>() : nullptr;
    if (whole) launch(sum_of<C>, 1, kThreads, 0, classes, weight.as<C>(), whole);
    launch(cross_entropy_backward_each<T>, blocks_for(n * classes), kThreads, 0, n, classes, ignore,
           static_cast<C>(smoothing), x.as<T>(), weight.as<C>(), whole, target.as<int32_t>(), log_sum_exp.as<C>(),
           row_weight.as<C>(), dloss.as<C>(), dx.as<T>());
  });
}

void nll(int64_t n, int64_t classes, int64_t ignore, In x, OptIn weight, IndexIn target, Out loss, Out row_weight) {
  check_indices(target, classes, "class index", ignore);
  dispatch_storage(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(nll_each<T>, blocks_for(n), kThreads, 0, n, classes, ignore, x.as<T>(), weight.as<T>(), target.as<int32_t>(),
           loss.as<T>(), row_weight.as<T>());
  });
}

// Where a target is ignored its row's weight is 0.
void nll_backward(int64_t n, int64_t classes, IndexIn target, In row_weight, In dloss, Out dx) {
  dispatch_storage(dx.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(nll_backward_each<T>, blocks_for(n * classes), kThreads, 0, n, classes, target.as<int32_t>(),
           row_weight.as<T>(), dloss.as<T>(), dx.as<T>());
  });
}

}  // namespace convcore::cuda
