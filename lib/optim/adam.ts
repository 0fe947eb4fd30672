import { kernels } from '../native.js'
import type { Tensor } from '../tensor.js'
import { handles, type Memory, Optimizer, type OptimizerOptions, type Params } from './optimizer.js'

export interface AdamOptions extends OptimizerOptions {
  /** Learning rate; default 1e-3. */
  lr: number
  /** Decay of the running means of the gradient and of its square; default [0.9, 0.999]. */
  betas: readonly [number, number]
  /** Added to the root of the squares' mean; default 1e-8. */
  eps: number
  /** L2 penalty: its product with the parameter is added to the gradient; default 0. */
  weightDecay: number
}

export interface AdamState {
  /** Steps done. */
  step: number
  /** Running mean of the gradient. */
  expAvg: Tensor
  /** Running mean of its square. */
  expAvgSq: Tensor
}

const defaults: AdamOptions = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 }

/**
 * Adam: p ← p − lr·m̂ / (√v̂ + eps), with bias-corrected running means m̂ of the gradient and v̂ of its square.
 * Source: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.
 */
export class Adam extends Optimizer<AdamOptions, AdamState> {
  protected readonly memory: Memory<AdamOptions> = {
    numbers: { step: 0 },
    tensors: { expAvg: () => 0, expAvgSq: () => 0 },
  }

  constructor(params: Params<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, defaults, options)
  }

  protected validate({ lr, betas, eps, weightDecay }: AdamOptions): void {
    this.range('lr', lr, 0)
    this.range('betas[0]', betas[0], 0, 1)
    this.range('betas[1]', betas[1], 0, 1)
    this.range('eps', eps, 0)
    this.range('weightDecay', weightDecay, 0)
  }

  protected update(options: AdamOptions, params: readonly Tensor[], grads: readonly Tensor[]): void {
    const { lr, betas, eps, weightDecay } = options
    const states = this.remember(options, params)
    const step = states[0]!.step + 1
    kernels.adam(
      lr,
      ...betas,
      eps,
      weightDecay,
      0, // L2 penalty, not decoupled weight decay
      step,
      handles(grads),
      handles(params),
      handles(states.map((state) => state.expAvg)),
      handles(states.map((state) => state.expAvgSq)),
    )
    for (const state of states) state.step = step
  }
}
