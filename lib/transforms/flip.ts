import { probability } from '../nn/validate.js'
import { warpAffine } from '../ops/warp.js'
import type { Tensor } from '../tensor.js'
import { hflip, vflip } from './functional/flip.js'
import { type RandomOptions, RandomTransform } from './random.js'

/** Options of {@link RandomHorizontalFlip} and {@link RandomVerticalFlip}. */
export interface RandomFlipOptions extends RandomOptions {
  /** Default 0.5. */
  p?: number | undefined
}

abstract class RandomFlip extends RandomTransform {
  /** Probability. */
  readonly p: number

  /** @throws {RangeError} unless p is a probability */
  constructor(options: RandomFlipOptions = {}) {
    super(options)
    this.p = probability(this.constructor.name, 'p', options.p ?? 0.5)
  }

  protected abstract flip(x: Tensor): Tensor
  protected abstract map(h: number, w: number): readonly number[]

  protected once(x: Tensor): Tensor {
    return this.happens(this.p) ? this.flip(x) : x
  }

  protected override each(x: Tensor): Tensor {
    const [n, , h, w] = x.shape as [number, number, number, number]
    const flipped = this.map(h, w)
    return warpAffine(x, Array.from({ length: n }, () => (this.happens(this.p) ? flipped : [1, 0, 0, 0, 1, 0])).flat())
  }
}

/** Exchanges left and right with a probability. */
export class RandomHorizontalFlip extends RandomFlip {
  /** @internal */
  protected flip(x: Tensor): Tensor {
    return hflip(x)
  }

  /** @internal */
  protected map(_h: number, w: number): readonly number[] {
    return [-1, 0, w - 1, 0, 1, 0]
  }
}

/** Exchanges top and bottom with a probability. */
export class RandomVerticalFlip extends RandomFlip {
  /** @internal */
  protected flip(x: Tensor): Tensor {
    return vflip(x)
  }

  /** @internal */
  protected map(h: number): readonly number[] {
    return [1, 0, 0, 0, -1, h - 1]
  }
}
