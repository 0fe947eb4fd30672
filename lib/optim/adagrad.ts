import { varying } from '../capture/recording.js'
import { kernels } from '../native.js'
import type { Tensor } from '../tensor.js'
import { handles } from './lists.js'
import { type Memory, Optimizer, type OptimizerOptions, type Params } from './optimizer.js'

/** Options of {@link Adagrad}, and of its groups. */
export interface AdagradOptions extends OptimizerOptions {
  /** Learning rate; default 1e-2. */
  lr: number
  /** Step t goes with lr / (1 + (t − 1)·lrDecay); default 0. */
  lrDecay: number
  /** L2 penalty: its product with the parameter is added to the gradient; default 0. */
  weightDecay: number
  /** What the sums of squares start from; default 0. */
  initialAccumulatorValue: number
  /** Added to the root of the sum; default 1e-10. */
  eps: number
  /** Goes along the gradients, not against them; default false. */
  maximize: boolean
}

/** What {@link Adagrad} remembers of a parameter. */
export interface AdagradState {
  /** Steps done. */
  step: number
  /** Sum of the gradients' squares. */
  sum: Tensor
}

const defaults: AdagradOptions = {
  lr: 1e-2,
  lrDecay: 0,
  weightDecay: 0,
  initialAccumulatorValue: 0,
  eps: 1e-10,
  maximize: false,
}

/**
 * Adagrad: s ← s + g², p ← p − lr·g / (√s + eps): each element has a step size of its own, which shrinks.
 * Source: Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR
 * 2011.
 */
export class Adagrad extends Optimizer<AdagradOptions, AdagradState> {
  /** @internal */
  protected readonly memory: Memory<AdagradOptions> = {
    numbers: { step: 0 },
    tensors: { sum: ({ initialAccumulatorValue }) => initialAccumulatorValue },
  }

  /** @throws {RangeError} when an option is out of range, there are no parameters, or one comes twice */
  constructor(params: Params<AdagradOptions>, options: Partial<AdagradOptions> = {}) {
    super(params, defaults, options)
  }

  protected validate({ lr, lrDecay, weightDecay, initialAccumulatorValue, eps }: AdagradOptions): void {
    this.range('lr', lr, 0)
    this.range('lrDecay', lrDecay, 0)
    this.range('weightDecay', weightDecay, 0)
    this.range('initialAccumulatorValue', initialAccumulatorValue, 0)
    this.range('eps', eps, 0)
  }

  protected update(options: AdagradOptions, params: readonly Tensor[], grads: readonly Tensor[]): void {
    const states = this.remember(options, params)
    varying(
      () => {
        const { lr, lrDecay, weightDecay, eps, maximize } = options
        const rate = lr / (1 + states[0]!.step * lrDecay)
        for (const state of states) state.step++
        return [rate, 1, 1, eps, 0, weightDecay, Number(maximize)] // a sum keeps and takes all
      },
      (...numbers) =>
        kernels.rmsprop(...numbers, handles(grads), handles(params), handles(states.map((state) => state.sum)), [], []),
    )
  }
}
