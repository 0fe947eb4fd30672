import { varying } from '../capture/recording.js'
import { kernels } from '../native.js'
import type { Tensor } from '../tensor.js'
import { handles } from './lists.js'
import { type Memory, Optimizer, type OptimizerOptions, type Params } from './optimizer.js'

/** Options of {@link Adam} and {@link AdamW}, and of their groups. */
export interface AdamOptions extends OptimizerOptions {
  /** Learning rate; default 1e-3. */
  lr: number
  /** Decay of the running means of the gradient and of its square; default [0.9, 0.999]. */
  betas: readonly [number, number]
  /** Added to the root of the squares' mean; default 1e-8. */
  eps: number
  /** Weight decay: for Adam by default 0, an L2 penalty; for AdamW 0.01, decoupled. */
  weightDecay: number
  /** Divides by the root of the greatest mean of squares so far, so that step sizes never grow; default false. */
  amsgrad: boolean
  /** Goes along the gradients, not against them; default false. */
  maximize: boolean
  /** Whether weight decay shrinks the parameter itself, by lr·weightDecay; else it adds weightDecay·p to the gradient. */
  decoupledWeightDecay: boolean
}

/** What {@link Adam} remembers of a parameter. */
export interface AdamState {
  /** Steps done. */
  step: number
  /** Running mean of the gradient. */
  expAvg: Tensor
  /** Running mean of its square. */
  expAvgSq: Tensor
  /** The greatest of those so far; with `amsgrad`. */
  maxExpAvgSq?: Tensor
}

const defaults: AdamOptions = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
  decoupledWeightDecay: false,
}

/**
 * Adam: p ← p − lr·m̂ / (√v̂ + eps), with bias-corrected running means m̂ of the gradient and v̂ of its square.
 * Source: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015; `amsgrad`: Reddi, Kale and Kumar, "On
 * the convergence of Adam and beyond", ICLR 2018, in PyTorch's form.
 */
export class Adam extends Optimizer<AdamOptions, AdamState> {
  /** @internal */
  protected readonly memory: Memory<AdamOptions> = {
    numbers: { step: 0 },
    tensors: { expAvg: () => 0, expAvgSq: () => 0, maxExpAvgSq: ({ amsgrad }) => (amsgrad ? 0 : undefined) },
  }

  /** @throws {RangeError} when an option is out of range, there are no parameters, or one comes twice */
  constructor(params: Params<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, defaults, options)
  }

  protected validate({ lr, betas, eps, weightDecay }: AdamOptions): void {
    this.range('lr', lr, 0)
    this.decays(betas)
    this.range('eps', eps, 0)
    this.range('weightDecay', weightDecay, 0)
  }

  protected update(options: AdamOptions, params: readonly Tensor[], grads: readonly Tensor[]): void {
    const states = this.remember(options, params)
    moments(
      () => {
        const { lr, betas, eps, weightDecay, maximize, decoupledWeightDecay } = options
        const step = states[0]!.step + 1
        for (const state of states) state.step = step
        return [
          lr / (1 - betas[0] ** step),
          0, // of the gradient itself: NAdam's
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
      options.amsgrad ? handles(states.map((state) => state.maxExpAvgSq!)) : [],
    )
  }
}

type Numbers = [
  meanRate: number,
  gradRate: number,
  ...betas: [number, number],
  eps: number,
  correction2: number,
  shrink: number,
  weightDecay: number,
  maximize: number,
]

/** The step that Adam and NAdam share: along the running mean and the gradient, over the root of the squares' mean. */
export function moments(
  numbers: () => Numbers,
  params: readonly Tensor[],
  grads: readonly Tensor[],
  states: readonly Pick<AdamState, 'expAvg' | 'expAvgSq'>[],
  greatest: readonly number[],
): void {
  varying(numbers, (...numbers) =>
    kernels.adam(
      ...numbers,
      handles(grads),
      handles(params),
      handles(states.map((state) => state.expAvg)),
      handles(states.map((state) => state.expAvgSq)),
      greatest,
    ),
  )
}

/**
 * Adam with decoupled weight decay, by default 0.01: p ← (1 − lr·weightDecay)·p, then Adam's step.
 * Source: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
 */
export class AdamW extends Adam {
  /** @throws {RangeError} when an option is out of range, there are no parameters, or one comes twice */
  constructor(params: Params<AdamOptions>, options: Partial<Omit<AdamOptions, 'decoupledWeightDecay'>> = {}) {
    super(params, { weightDecay: 0.01, ...options, decoupledWeightDecay: true })
  }
}
