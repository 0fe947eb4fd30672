import { dropout } from '../ops/random.js'
import type { Generator } from '../random.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { python } from './print.js'
import { probability } from './validate.js'

/**
 * In training, zeroes each element with probability `p` and scales the rest by 1 / (1 − p); in evaluation, nothing.
 * Source: Srivastava et al., "Dropout", JMLR 2014.
 */
export class Dropout extends Module {
  readonly p: number
  readonly generator: Generator | undefined

  /** @param p  probability of a zero, 0 to 1 */
  constructor(p = 0.5, options: { generator?: Generator } = {}) {
    super()
    this.p = probability('Dropout', 'p', p)
    this.generator = options.generator
  }

  forward(x: Tensor): Tensor {
    return dropout(x, this.p, this)
  }

  override extraRepr(): string {
    return `p=${python(this.p)}, inplace=False`
  }
}
