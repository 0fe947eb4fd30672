// Generated from native/ops.def by scripts/kernels.js.

/** A native tensor. 0 stands for an optional tensor that is absent. */
export type Handle = number

/** What pack() returns: geometry staged for the call it is an argument of. */
export type Geometry = number & { readonly staged: unique symbol }

/** One function per op: checks its operands against the geometry and enqueues the kernel. */
export interface Kernels {
  conv(p: Geometry, x: Handle, weight: Handle, bias: Handle, y: Handle): void
  conv_backward_input(p: Geometry, dy: Handle, weight: Handle, bias: Handle, dx: Handle): void
  conv_backward_weight(p: Geometry, x: Handle, dy: Handle, dweight: Handle): void
  conv_prepare(p: Geometry, weight: Handle, prepared: Handle): void
  conv_prepared(p: Geometry, relu: number, x: Handle, prepared: Handle, bias: Handle, residual: Handle, y: Handle): void
  im2col(p: Geometry, x: Handle, columns: Handle): void
  col2im(p: Geometry, columns: Handle, x: Handle): void
  max_pool(p: Geometry, relu: number, x: Handle, y: Handle, indices: Handle): void
  max_pool_backward(p: Geometry, indices: Handle, dy: Handle, dx: Handle): void
  avg_pool(p: Geometry, x: Handle, y: Handle): void
  avg_pool_backward(p: Geometry, dy: Handle, dx: Handle): void
  max_unpool(n: number, c: number, cells: number, places: number, indices: Handle, x: Handle, y: Handle): void
  max_unpool_backward(n: number, c: number, cells: number, places: number, indices: Handle, dy: Handle, dx: Handle): void
  interpolate(p: Geometry, scale_d: number, scale_h: number, scale_w: number, x: Handle, y: Handle): void
  interpolate_backward(p: Geometry, scale_d: number, scale_h: number, scale_w: number, dy: Handle, dx: Handle): void
  resample(outer: number, input: number, output: number, inner: number, taps: number, x: Handle, first: Handle, weights: Handle, y: Handle): void
  warp(p: Geometry, x: Handle, matrices: Handle, fill: Handle, y: Handle): void
  standardize(outer: number, channels: number, inner: number, x: Handle, mean: Handle, std: Handle, y: Handle): void
  batch_norm(rows: number, channels: number, eps: number, momentum: number, relu: number, x: Handle, residual: Handle, weight: Handle, bias: Handle, running_mean: Handle, running_var: Handle, y: Handle, mean: Handle, inv_std: Handle): void
  batch_norm_inference(rows: number, channels: number, eps: number, relu: number, x: Handle, residual: Handle, weight: Handle, bias: Handle, running_mean: Handle, running_var: Handle, y: Handle, inv_std: Handle): void
  batch_norm_backward(rows: number, channels: number, training: number, added: number, x: Handle, y: Handle, dy: Handle, weight: Handle, bias: Handle, mean: Handle, inv_std: Handle, dx: Handle, dresidual: Handle, dweight: Handle, dbias: Handle): void
  group_norm(p: Geometry, eps: number, momentum: number, x: Handle, weight: Handle, bias: Handle, running_mean: Handle, running_var: Handle, y: Handle, mean: Handle, inv_std: Handle): void
  group_norm_backward(p: Geometry, x: Handle, dy: Handle, weight: Handle, mean: Handle, inv_std: Handle, dx: Handle, dweight: Handle, dbias: Handle): void
  response_norm(rows: number, channels: number, size: number, alpha: number, beta: number, k: number, x: Handle, y: Handle, scale: Handle): void
  response_norm_backward(rows: number, channels: number, size: number, alpha: number, beta: number, x: Handle, scale: Handle, dy: Handle, dx: Handle): void
  matmul(p: Geometry, a: Handle, b: Handle, bias: Handle, y: Handle): void
  qr(m: number, n: number, a: Handle, q: Handle, r: Handle): void
  solve_triangular(n: number, k: number, transpose: number, r: Handle, b: Handle, x: Handle): void
  relu(n: number, x: Handle, y: Handle): void
  relu_backward(n: number, y: Handle, dy: Handle, dx: Handle): void
  sigmoid(n: number, x: Handle, y: Handle): void
  sigmoid_backward(n: number, y: Handle, dy: Handle, dx: Handle): void
  tanh(n: number, x: Handle, y: Handle): void
  tanh_backward(n: number, y: Handle, dy: Handle, dx: Handle): void
  leaky_relu(n: number, slope: number, x: Handle, y: Handle): void
  leaky_relu_backward(n: number, slope: number, x: Handle, dy: Handle, dx: Handle): void
  elu(n: number, alpha: number, scale: number, x: Handle, y: Handle): void
  elu_backward(n: number, alpha: number, scale: number, x: Handle, dy: Handle, dx: Handle): void
  gelu(n: number, x: Handle, y: Handle): void
  gelu_backward(n: number, x: Handle, dy: Handle, dx: Handle): void
  gelu_tanh(n: number, x: Handle, y: Handle): void
  gelu_tanh_backward(n: number, x: Handle, dy: Handle, dx: Handle): void
  silu(n: number, x: Handle, y: Handle): void
  silu_backward(n: number, x: Handle, dy: Handle, dx: Handle): void
  softplus(n: number, beta: number, threshold: number, x: Handle, y: Handle): void
  softplus_backward(n: number, beta: number, threshold: number, x: Handle, dy: Handle, dx: Handle): void
  hardswish(n: number, x: Handle, y: Handle): void
  hardswish_backward(n: number, x: Handle, dy: Handle, dx: Handle): void
  softmax(outer: number, n: number, inner: number, x: Handle, y: Handle): void
  softmax_backward(outer: number, n: number, inner: number, y: Handle, dy: Handle, dx: Handle): void
  log_softmax(outer: number, n: number, inner: number, x: Handle, y: Handle): void
  log_softmax_backward(outer: number, n: number, inner: number, y: Handle, dy: Handle, dx: Handle): void
  exp(n: number, x: Handle, y: Handle): void
  log(n: number, x: Handle, y: Handle): void
  sqrt(n: number, x: Handle, y: Handle): void
  abs(n: number, x: Handle, y: Handle): void
  sign(n: number, x: Handle, y: Handle): void
  clamp(n: number, low: number, high: number, x: Handle, y: Handle): void
  clamp_backward(n: number, low: number, high: number, strict: number, x: Handle, dy: Handle, dx: Handle): void
  scale(n: number, factor: number, x: Handle, y: Handle): void
  accumulate(n: number, x: Handle, y: Handle): void
  increment(n: number, x: Handle): void
  add(p: Geometry, a: Handle, b: Handle, y: Handle): void
  sub(p: Geometry, a: Handle, b: Handle, y: Handle): void
  mul(p: Geometry, a: Handle, b: Handle, y: Handle): void
  div(p: Geometry, a: Handle, b: Handle, y: Handle): void
  pow(p: Geometry, a: Handle, b: Handle, y: Handle): void
  maximum(p: Geometry, a: Handle, b: Handle, y: Handle): void
  minimum(p: Geometry, a: Handle, b: Handle, y: Handle): void
  eq(p: Geometry, a: Handle, b: Handle, y: Handle): void
  ne(p: Geometry, a: Handle, b: Handle, y: Handle): void
  lt(p: Geometry, a: Handle, b: Handle, y: Handle): void
  le(p: Geometry, a: Handle, b: Handle, y: Handle): void
  where(n: number, condition: Handle, a: Handle, b: Handle, y: Handle): void
  sum(outer: number, n: number, inner: number, factor: number, x: Handle, y: Handle): void
  extreme(outer: number, n: number, inner: number, least: number, x: Handle, y: Handle, indices: Handle): void
  extreme_backward(outer: number, n: number, inner: number, indices: Handle, dy: Handle, dx: Handle): void
  cumsum(outer: number, n: number, inner: number, reverse: number, x: Handle, y: Handle): void
  sort(outer: number, n: number, inner: number, k: number, descending: number, x: Handle, y: Handle, indices: Handle): void
  index_select(outer: number, n: number, m: number, inner: number, x: Handle, index: Handle, y: Handle): void
  index_select_backward(outer: number, n: number, m: number, inner: number, skip: number, index: Handle, dy: Handle, dx: Handle): void
  gather(outer: number, n: number, m: number, inner: number, x: Handle, index: Handle, y: Handle): void
  scatter(outer: number, n: number, m: number, inner: number, unique: number, index: Handle, x: Handle, y: Handle): void
  scatter_add(outer: number, n: number, m: number, inner: number, index: Handle, x: Handle, y: Handle): void
  strided_read(p: Geometry, x: Handle, y: Handle): void
  strided_write(p: Geometry, x: Handle, y: Handle): void
  cast(n: number, x: Handle, y: Handle): void
  fill(n: number, value: number, y: Handle): void
  cross_entropy(n: number, classes: number, ignore: number, smoothing: number, x: Handle, weight: Handle, target: Handle, loss: Handle, log_sum_exp: Handle, row_weight: Handle): void
  cross_entropy_backward(n: number, classes: number, ignore: number, smoothing: number, x: Handle, weight: Handle, target: Handle, log_sum_exp: Handle, row_weight: Handle, dloss: Handle, dx: Handle): void
  nll(n: number, classes: number, ignore: number, x: Handle, weight: Handle, target: Handle, loss: Handle, row_weight: Handle): void
  nll_backward(n: number, classes: number, target: Handle, row_weight: Handle, dloss: Handle, dx: Handle): void
  bce(n: number, x: Handle, target: Handle, loss: Handle): void
  bce_backward(n: number, x: Handle, target: Handle, dloss: Handle, dx: Handle): void
  bce_logits(n: number, x: Handle, target: Handle, positive: Handle, loss: Handle): void
  bce_logits_backward(n: number, x: Handle, target: Handle, positive: Handle, dloss: Handle, dx: Handle): void
  huber(n: number, delta: number, scale: number, x: Handle, target: Handle, loss: Handle): void
  huber_backward(n: number, delta: number, scale: number, x: Handle, target: Handle, dloss: Handle, dx: Handle): void
  kl_div(n: number, log_target: number, x: Handle, target: Handle, loss: Handle): void
  kl_div_backward(n: number, log_target: number, x: Handle, target: Handle, dloss: Handle, dx: Handle, dtarget: Handle): void
  uniform(n: number, seed: number, offset: number, low: number, high: number, y: Handle): void
  normal(n: number, seed: number, offset: number, mean: number, std: number, y: Handle): void
  dropout(outer: number, channels: number, inner: number, seed: number, offset: number, p: number, x: Handle, y: Handle): void
  sgd(lr: number, momentum: number, dampening: number, weight_decay: number, nesterov: number, maximize: number, first: number, grads: readonly Handle[], params: readonly Handle[], velocity: readonly Handle[]): void
  adam(mean_rate: number, grad_rate: number, beta1: number, beta2: number, eps: number, correction2: number, shrink: number, weight_decay: number, maximize: number, grads: readonly Handle[], params: readonly Handle[], exp_avg: readonly Handle[], exp_avg_sq: readonly Handle[], max_exp_avg_sq: readonly Handle[]): void
  rmsprop(lr: number, keep: number, take: number, eps: number, momentum: number, weight_decay: number, maximize: number, grads: readonly Handle[], params: readonly Handle[], square_avg: readonly Handle[], grad_avg: readonly Handle[], velocity: readonly Handle[]): void
  adadelta(lr: number, rho: number, eps: number, weight_decay: number, maximize: number, grads: readonly Handle[], params: readonly Handle[], square_avg: readonly Handle[], acc_delta: readonly Handle[]): void
  lion(lr: number, beta1: number, beta2: number, weight_decay: number, maximize: number, grads: readonly Handle[], params: readonly Handle[], exp_avg: readonly Handle[]): void
  unscale(factor: number, grads: readonly Handle[], found: Handle): void
  total_norm(p: number, tensors: readonly Handle[], norm: Handle): void
  clip_norm(max_norm: number, tensors: readonly Handle[], norm: Handle): void
  clip_value(limit: number, tensors: readonly Handle[]): void
  lerp(weight: number, ends: readonly Handle[], tensors: readonly Handle[]): void
}
