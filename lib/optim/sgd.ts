import { allocLike } from '../alloc.js'
import { kernels } from '../native.js'
import { keep } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { handles, Optimizer, type OptimizerOptions, type Params } from './optimizer.js'

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
}

export interface SGDState {
  velocity: Tensor
}

/**
 * Stochastic gradient descent: v ← momentum·v + (1 − dampening)·g, p ← p − lr·v. The first velocity is g.
 * Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, in PyTorch's form.
 */
export class SGD extends Optimizer<SGDOptions, SGDState> {
  constructor(params: Params<SGDOptions>, options: Partial<SGDOptions> = {}) {
    super(params, { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, ...options })
  }

  protected validate({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions): void {
    this.range('lr', lr, 0)
    this.range('momentum', momentum, 0)
    this.range('weightDecay', weightDecay, 0)
    if (nesterov && (momentum === 0 || dampening !== 0))
      throw new RangeError(
        `SGD: expected momentum > 0 and dampening = 0 with nesterov, got momentum ${momentum} and dampening ${dampening}`,
      )
  }

  protected phase(p: Tensor): number {
    return this.state.has(p) ? 1 : 0
  }

  protected update(options: SGDOptions, params: readonly Tensor[], grads: readonly Tensor[]): void {
    const { lr, momentum, dampening, weightDecay, nesterov } = options
    const first = !this.state.has(params[0] as Tensor)
    const velocities = momentum ? params.map((p) => this.velocity(p)) : []
    kernels.sgd(
      lr,
      momentum,
      dampening,
      weightDecay,
      Number(nesterov),
      Number(first),
      handles(grads),
      handles(params),
      handles(velocities),
    )
  }

  private velocity(p: Tensor): Tensor {
    let state = this.state.get(p)
    // The first update writes the velocity without reading it.
    if (!state) this.state.set(p, (state = { velocity: keep(allocLike('SGD', p)) }))
    return state.velocity
  }
}
