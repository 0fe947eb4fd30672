import { varying } from '../capture/recording.js'
import { kernels } from '../native.js'
import type { Tensor } from '../tensor.js'
import { handles } from './lists.js'
import { type Memory, Optimizer, type OptimizerOptions, type Params } from './optimizer.js'

/** Options of {@link Adadelta}, and of its groups. */
export interface AdadeltaOptions extends OptimizerOptions {
  /** Scales the step that the method finds; default 1. */
  lr: number
  /** Decay of the running means; default 0.9. */
  rho: number
  /** Added under the roots; default 1e-6. */
  eps: number
  /** L2 penalty: its product with the parameter is added to the gradient; default 0. */
  weightDecay: number
  /** Goes along the gradients, not against them; default false. */
  maximize: boolean
}

/** What {@link Adadelta} remembers of a parameter. */
export interface AdadeltaState {
  /** Steps done. */
  step: number
  /** Running mean of the gradient's square. */
  squareAvg: Tensor
  /** Running mean of the step's square. */
  accDelta: Tensor
}

const defaults: AdadeltaOptions = { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false }

/**
 * Adadelta: δ = g·√(a + eps) / √(s + eps), p ← p − lr·δ, with running means s of g² and a of δ².
 * Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
 */
export class Adadelta extends Optimizer<AdadeltaOptions, AdadeltaState> {
  /** @internal */
  protected readonly memory: Memory<AdadeltaOptions> = {
    numbers: { step: 0 },
    tensors: { squareAvg: () => 0, accDelta: () => 0 },
  }

  /** @throws {RangeError} when an option is out of range, there are no parameters, or one comes twice */
  constructor(params: Params<AdadeltaOptions>, options: Partial<AdadeltaOptions> = {}) {
    super(params, defaults, options)
  }

  protected validate({ lr, rho, eps, weightDecay }: AdadeltaOptions): void {
    this.range('lr', lr, 0)
    this.range('rho', rho, 0, 1)
    this.range('eps', eps, 0)
    this.range('weightDecay', weightDecay, 0)
  }

  protected update(options: AdadeltaOptions, params: readonly Tensor[], grads: readonly Tensor[]): void {
    const states = this.remember(options, params)
    varying(
      () => {
        const { lr, rho, eps, weightDecay, maximize } = options
        for (const state of states) state.step++
        return [lr, rho, eps, weightDecay, Number(maximize)]
      },
      (...numbers) =>
        kernels.adadelta(
          ...numbers,
          handles(grads),
          handles(params),
          handles(states.map((state) => state.squareAvg)),
          handles(states.map((state) => state.accDelta)),
        ),
    )
  }
}
