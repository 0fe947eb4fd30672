import { varying } from '../capture/recording.js'
import { kernels } from '../native.js'
import type { Tensor } from '../tensor.js'
import { handles } from './lists.js'
import { type Memory, Optimizer, type OptimizerOptions, type Params } from './optimizer.js'

/** Options of {@link Lion}, and of its groups. */
export interface LionOptions extends OptimizerOptions {
  /** Learning rate: what every element moves by; default 1e-4. */
  lr: number
  /** Shares of the mean of gradients that stay, in the step and in the mean; default [0.9, 0.99]. */
  betas: readonly [number, number]
  /** Shrinks the parameter by lr·weightDecay; default 0. */
  weightDecay: number
  /** Goes along the gradients, not against them; default false. */
  maximize: boolean
}

/** What {@link Lion} remembers of a parameter. */
export interface LionState {
  /** Running mean of the gradient. */
  expAvg: Tensor
}

const defaults: LionOptions = { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0, maximize: false }

/**
 * Lion: p ← p − lr·(sign(β₁·m + (1 − β₁)·g) + weightDecay·p), then m ← β₂·m + (1 − β₂)·g.
 * Source: Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, algorithm 2.
 */
export class Lion extends Optimizer<LionOptions, LionState> {
  /** @internal */
  protected readonly memory: Memory<LionOptions> = { numbers: {}, tensors: { expAvg: () => 0 } }

  /** @throws {RangeError} when an option is out of range, there are no parameters, or one comes twice */
  constructor(params: Params<LionOptions>, options: Partial<LionOptions> = {}) {
    super(params, defaults, options)
  }

  protected validate({ lr, betas, weightDecay }: LionOptions): void {
    this.range('lr', lr, 0)
    this.decays(betas)
    this.range('weightDecay', weightDecay, 0)
  }

  protected update(options: LionOptions, params: readonly Tensor[], grads: readonly Tensor[]): void {
    const states = this.remember(options, params)
    varying(
      () => [options.lr, ...options.betas, options.weightDecay, Number(options.maximize)],
      (...numbers) =>
        kernels.lion(...numbers, handles(grads), handles(params), handles(states.map((state) => state.expAvg))),
    )
  }
}
