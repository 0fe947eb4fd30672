import { localResponseNorm, type LocalResponseNormOptions } from '../ops/responseNorm.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { pythonFloat } from './print.js'
import { positiveInteger } from './validate.js'

/** x / (k + alpha / size · Σ x²)^beta over `size` neighbouring channels: see `localResponseNorm`. */
export class LocalResponseNorm extends Module {
  /** Channels that are summed over. */
  readonly size: number
  /** Factor of the sum of squares. */
  readonly alpha: number
  /** Exponent. */
  readonly beta: number
  /** What is added to the sum. */
  readonly k: number

  /** @throws RangeError when size is not a positive integer */
  constructor(size: number, { alpha = 1e-4, beta = 0.75, k = 1 }: LocalResponseNormOptions = {}) {
    super()
    this.size = positiveInteger('LocalResponseNorm', 'size', size)
    this.alpha = alpha
    this.beta = beta
    this.k = k
  }

  forward(x: Tensor): Tensor {
    return localResponseNorm(x, this.size, this)
  }

  override extraRepr(): string {
    const [alpha, beta, k] = [this.alpha, this.beta, this.k].map(pythonFloat)
    return `${this.size}, alpha=${alpha}, beta=${beta}, k=${k}`
  }
}
