import type { Tensor } from '../tensor.js'
import { moments } from './adam.js'
import { type Memory, Optimizer, type OptimizerOptions, type Params } from './optimizer.js'

/** Options of {@link NAdam}, and of its groups. */
export interface NAdamOptions extends OptimizerOptions {
  /** Learning rate; default 2e-3. */
  lr: number
  /** Decay of the running means of the gradient and of its square; default [0.9, 0.999]. */
  betas: readonly [number, number]
  /** Added to the root of the squares' mean; default 1e-8. */
  eps: number
  /** Weight decay; default 0. */
  weightDecay: number
  /** How fast the momentum grows to betas[0]: μ of step t is betas[0]·(1 − 0.96^(t·momentumDecay) / 2); default 4e-3. */
  momentumDecay: number
  /** Whether weight decay shrinks the parameter itself, by lr·weightDecay; else it adds weightDecay·p to the gradient. Default false. */
  decoupledWeightDecay: boolean
  /** Goes along the gradients, not against them; default false. */
  maximize: boolean
}

/** What {@link NAdam} remembers of a parameter. */
export interface NAdamState {
  /** Steps done. */
  step: number
  /** Product of the steps' momenta. */
  muProduct: number
  /** Running mean of the gradient. */
  expAvg: Tensor
  /** Running mean of its square. */
  expAvgSq: Tensor
}

const defaults: NAdamOptions = {
  lr: 2e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  momentumDecay: 4e-3,
  decoupledWeightDecay: false,
  maximize: false,
}

/**
 * Adam that looks ahead along its mean of gradients, as Nesterov's momentum does.
 * Source: Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016, in PyTorch's form.
 */
export class NAdam extends Optimizer<NAdamOptions, NAdamState> {
  /** @internal */
  protected readonly memory: Memory<NAdamOptions> = {
    numbers: { step: 0, muProduct: 1 },
    tensors: { expAvg: () => 0, expAvgSq: () => 0 },
  }

  /** @throws {RangeError} when an option is out of range, there are no parameters, or one comes twice */
  constructor(params: Params<NAdamOptions>, options: Partial<NAdamOptions> = {}) {
    super(params, defaults, options)
  }

  protected validate({ lr, betas, eps, weightDecay, momentumDecay }: NAdamOptions): void {
    this.range('lr', lr, 0)
    this.decays(betas)
    this.range('eps', eps, 0)
    this.range('weightDecay', weightDecay, 0)
    this.range('momentumDecay', momentumDecay, 0)
  }

  protected update(options: NAdamOptions, params: readonly Tensor[], grads: readonly Tensor[]): void {
    const states = this.remember(options, params)
    moments(
      () => {
        const { lr, betas, eps, weightDecay, momentumDecay, decoupledWeightDecay, maximize } = options
        const step = states[0]!.step + 1
        const momentum = (t: number) => betas[0] * (1 - 0.5 * 0.96 ** (t * momentumDecay))
        const [mu, next] = [momentum(step), momentum(step + 1)]
        const muProduct = states[0]!.muProduct * mu
        for (const state of states) Object.assign(state, { step, muProduct })
        return [
          (lr * next) / (1 - muProduct * next),
          (lr * (1 - mu)) / (1 - muProduct),
          ...betas,
          eps,
          1 - betas[1] ** step,
          decoupledWeightDecay ? 1 - lr * weightDecay : 1,
          decoupledWeightDecay ? 0 : weightDecay,
          Number(maximize),
        ]
      },
      params,
      grads,
      states,
      [],
    )
  }
}
