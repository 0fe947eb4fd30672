import { varying } from '../capture/recording.js'
import { kernels } from '../native.js'
import type { Tensor } from '../tensor.js'
import { handles } from './lists.js'
import { type Memory, Optimizer, type OptimizerOptions, type Params } from './optimizer.js'

/** Options of {@link RMSprop}, and of its groups. */
export interface RMSpropOptions extends OptimizerOptions {
  /** Learning rate; default 1e-2. */
  lr: number
  /** Decay of the running means; default 0.99. */
  alpha: number
  /** Added to the root; default 1e-8. */
  eps: number
  /** L2 penalty: its product with the parameter is added to the gradient; default 0. */
  weightDecay: number
  /** Share of the last velocity that stays; default 0: no velocity is kept. */
  momentum: number
  /** Divides by an estimate of the gradient's standard deviation; default false. */
  centered: boolean
  /** Goes along the gradients, not against them; default false. */
  maximize: boolean
}

/** What {@link RMSprop} remembers of a parameter. */
export interface RMSpropState {
  /** Steps done. */
  step: number
  /** Running mean of the gradient's square. */
  squareAvg: Tensor
  /** Running mean of the gradient; when centered. */
  gradAvg?: Tensor
  /** The velocity; with momentum. */
  momentumBuffer?: Tensor
}

const defaults: RMSpropOptions = {
  lr: 1e-2,
  alpha: 0.99,
  eps: 1e-8,
  weightDecay: 0,
  momentum: 0,
  centered: false,
  maximize: false,
}

/**
 * RMSprop: p ← p − lr·g / (√s + eps), with a running mean s of the gradient's square.
 * Source: Tieleman and Hinton, "Lecture 6.5: RMSProp", Coursera 2012; `centered`: Graves, "Generating sequences with
 * recurrent neural networks", 2013; in PyTorch's form.
 */
export class RMSprop extends Optimizer<RMSpropOptions, RMSpropState> {
  /** @internal */
  protected readonly memory: Memory<RMSpropOptions> = {
    numbers: { step: 0 },
    tensors: {
      squareAvg: () => 0,
      gradAvg: ({ centered }) => (centered ? 0 : undefined),
      momentumBuffer: ({ momentum }) => (momentum ? 0 : undefined),
    },
  }

  /** @throws {RangeError} when an option is out of range, there are no parameters, or one comes twice */
  constructor(params: Params<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
    super(params, defaults, options)
  }

  protected validate({ lr, alpha, eps, weightDecay, momentum }: RMSpropOptions): void {
    this.range('lr', lr, 0)
    this.range('alpha', alpha, 0, 1)
    this.range('eps', eps, 0)
    this.range('weightDecay', weightDecay, 0)
    this.range('momentum', momentum, 0)
  }

  protected update(options: RMSpropOptions, params: readonly Tensor[], grads: readonly Tensor[]): void {
    const states = this.remember(options, params)
    varying(
      () => {
        const { lr, alpha, eps, momentum, weightDecay, maximize } = options
        for (const state of states) state.step++
        return [lr, alpha, 1 - alpha, eps, momentum, weightDecay, Number(maximize)]
      },
      (...numbers) =>
        kernels.rmsprop(
          ...numbers,
          handles(grads),
          handles(params),
          handles(states.map((state) => state.squareAvg)),
          options.centered ? handles(states.map((state) => state.gradAvg!)) : [],
          options.momentum ? handles(states.map((state) => state.momentumBuffer!)) : [],
        ),
    )
  }
}
