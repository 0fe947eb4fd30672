import { alphaDropout, dropout, dropout1d, dropout2d, dropout3d } from '../ops/random.js'
import type { Generator } from '../random.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { python } from './print.js'
import { probability } from './validate.js'

abstract class DropoutBase extends Module {
  /** Probability of a zero. */
  readonly p: number
  /** What is drawn from; the default generator where it is undefined. */
  readonly generator: Generator | undefined

  /** @param p  probability of a zero, 0 to 1 */
  constructor(p = 0.5, options: { generator?: Generator } = {}) {
    super()
    this.p = probability(new.target.name, 'p', p)
    this.generator = options.generator
  }

  override extraRepr(): string {
    return `p=${python(this.p)}, inplace=False`
  }
}

/**
 * In training, zeroes each element with probability `p` and scales the rest by 1 / (1 − p); in evaluation, nothing.
 * Source: Srivastava et al., "Dropout", JMLR 2014.
 */
export class Dropout extends DropoutBase {
  forward(x: Tensor): Tensor {
    return dropout(x, this.p, this)
  }
}

/** In training, zeroes whole channels of [N, C, L] with probability `p` and scales the rest by 1 / (1 − p). */
export class Dropout1d extends DropoutBase {
  forward(x: Tensor): Tensor {
    return dropout1d(x, this.p, this)
  }
}

/** In training, zeroes whole channels of [N, C, H, W] with probability `p` and scales the rest by 1 / (1 − p). */
export class Dropout2d extends DropoutBase {
  forward(x: Tensor): Tensor {
    return dropout2d(x, this.p, this)
  }
}

/** In training, zeroes whole channels of [N, C, D, H, W] with probability `p` and scales the rest by 1 / (1 − p). */
export class Dropout3d extends DropoutBase {
  forward(x: Tensor): Tensor {
    return dropout3d(x, this.p, this)
  }
}

/** In training, dropout that keeps mean and variance of what SELU makes. Source: Klambauer et al., NIPS 2017. */
export class AlphaDropout extends DropoutBase {
  forward(x: Tensor): Tensor {
    return alphaDropout(x, this.p, this)
  }
}
