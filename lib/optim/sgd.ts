import { varying } from '../capture/recording.js'
import { kernels } from '../native.js'
import type { Tensor } from '../tensor.js'
import { handles } from './lists.js'
import { type Memory, Optimizer, type OptimizerOptions, type Params } from './optimizer.js'

/** Options of {@link SGD}, and of its groups. */
export interface SGDOptions extends OptimizerOptions {
  /** Learning rate; default 1e-3. */
  lr: number
  /** Share of the last velocity that stays; default 0: no velocity is kept. */
  momentum: number
  /** Share of the gradient that does not enter the velocity; default 0. */
  dampening: number
  /** L2 penalty: its product with the parameter is added to the gradient; default 0. */
  weightDecay: number
  /** Looks ahead along the velocity (Nesterov); default false. */
  nesterov: boolean
  /** Goes along the gradients, not against them; default false. */
  maximize: boolean
}

/** What {@link SGD} remembers of a parameter. */
export interface SGDState {
  /** The velocity; none without momentum. */
  momentumBuffer?: Tensor
}

const defaults: SGDOptions = { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false }

/**
 * Stochastic gradient descent: v ← momentum·v + (1 − dampening)·g, p ← p − lr·v. The first velocity is g.
 * Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, in PyTorch's form.
 */
export class SGD extends Optimizer<SGDOptions, SGDState> {
  /** @internal */
  protected readonly memory: Memory<SGDOptions> = {
    numbers: {},
    tensors: { momentumBuffer: ({ momentum }) => (momentum ? 0 : undefined) },
  }

  /** @throws {RangeError} when an option is out of range, there are no parameters, or one comes twice */
  constructor(params: Params<SGDOptions>, options: Partial<SGDOptions> = {}) {
    super(params, defaults, options)
  }

  protected validate({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions): void {
    this.range('lr', lr, 0)
    this.range('momentum', momentum, 0)
    this.range('weightDecay', weightDecay, 0)
    if (!Number.isFinite(dampening)) throw new RangeError(`SGD: expected a finite dampening, got ${dampening}`)
    if (nesterov && (momentum === 0 || dampening !== 0))
      throw new RangeError(
        `SGD: expected momentum > 0 and dampening = 0 with nesterov, got momentum ${momentum} and dampening ${dampening}`,
      )
  }

  protected update(options: SGDOptions, params: readonly Tensor[], grads: readonly Tensor[]): void {
    const first = !this.state.has(params[0]!)
    const states = this.remember(options, params)
    varying(
      () => {
        const { lr, momentum, dampening, weightDecay, nesterov, maximize } = options
        return [lr, momentum, dampening, weightDecay, Number(nesterov), Number(maximize), Number(first)]
      },
      (...numbers) =>
        kernels.sgd(
          ...numbers,
          handles(grads),
          handles(params),
          options.momentum ? handles(states.map((state) => state.momentumBuffer!)) : [],
        ),
    )
  }
}
