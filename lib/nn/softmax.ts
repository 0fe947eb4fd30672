import { logSoftmax, softmax } from '../ops/softmax.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'

/** exp(x) / Σ exp(x) along `dim`, by default the last. */
export class Softmax extends Module {
  constructor(
    /** Along which the results add up to 1. */
    readonly dim = -1,
  ) {
    super()
  }

  forward(x: Tensor): Tensor {
    return softmax(x, this.dim)
  }

  override extraRepr(): string {
    return `dim=${this.dim}`
  }
}

/** log(softmax(x)) along `dim`, by default the last, without the overflow. */
export class LogSoftmax extends Module {
  constructor(
    /** Along which the exponentials of the results add up to 1. */
    readonly dim = -1,
  ) {
    super()
  }

  forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dim)
  }

  override extraRepr(): string {
    return `dim=${this.dim}`
  }
}
