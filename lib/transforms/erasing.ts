import { randnLike } from '../create.js'
import { describe, DTypeError } from '../errors.js'
import { isFloat } from '../dtype.js'
import { probability } from '../nn/validate.js'
import type { Tensor } from '../tensor.js'
import { type Box, erase } from './functional/erase.js'
import { checkImage } from './functional/image.js'
import { checkRange, type RandomOptions, RandomTransform, type Range } from './random.js'

/** Options of {@link RandomErasing}. */
export interface RandomErasingOptions extends RandomOptions {
  /** Default 0.5. */
  p?: number | undefined
  /** The share of the image's area that is erased. Default [0.02, 0.33]. */
  scale?: Range | undefined
  /** Height over width of what is erased. Default [0.3, 3.3]. */
  ratio?: Range | undefined
  /** One number for all channels, one for each, or `'random'` for normal noise. Default 0. */
  value?: number | readonly number[] | 'random' | undefined
}

const NONE: Box = { top: 0, left: 0, height: 0, width: 0 }

/** Overwrites a random box of images with a probability (Zhong et al.: "Random erasing data augmentation", 2020). */
export class RandomErasing extends RandomTransform {
  /** Probability. */
  readonly p: number
  /** Share of the area that is erased, from the first to the second. */
  readonly scale: Range
  /** Its height by its width, from the first to the second. */
  readonly ratio: Range
  /** What stands there instead. */
  readonly value: number | readonly number[] | 'random'

  /** @throws {RangeError} for options that are none */
  constructor(options: RandomErasingOptions = {}) {
    super(options)
    const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = options
    this.p = probability('RandomErasing', 'p', p)
    this.scale = checkRange('RandomErasing', 'scale', scale, 0)
    if (this.scale[1] > 1) throw new RangeError(`RandomErasing: expected scale of at most 1, got ${describe(scale)}`)
    this.ratio = checkRange('RandomErasing', 'ratio', ratio, Number.MIN_VALUE)
    if (typeof value === 'string' && value !== 'random')
      throw new RangeError(`RandomErasing: expected value to be numbers or 'random', got ${describe(value)}`)
    this.value = value
  }

  /** Ten tries, and then none, as torchvision. */
  #box(h: number, w: number): Box {
    if (!this.happens(this.p)) return NONE
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = h * w * this.between(this.scale)
      const ratio = Math.exp(this.between([Math.log(this.ratio[0]), Math.log(this.ratio[1])]))
      const [height, width] = [Math.round(Math.sqrt(area * ratio)), Math.round(Math.sqrt(area / ratio))]
      if (height < h && width < w) return { top: this.upTo(h - height), left: this.upTo(w - width), height, width }
    }
    return NONE
  }

  protected once(x: Tensor): Tensor {
    const { h, w } = checkImage('RandomErasing', x)
    return this.#erased(x, [this.#box(h, w)])
  }

  protected override each(x: Tensor): Tensor {
    const { n, h, w } = checkImage('RandomErasing', x)
    return this.#erased(
      x,
      Array.from({ length: n }, () => this.#box(h, w)),
    )
  }

  #erased(x: Tensor, boxes: readonly Box[]): Tensor {
    if (this.value === 'random' && !isFloat(x.dtype))
      throw new DTypeError(`RandomErasing: expected x of a float dtype for random values, got ${x.dtype}`)
    if (boxes.every((box) => box === NONE)) return x
    return erase(x, boxes, this.value === 'random' ? randnLike(x, { generator: this.generator }) : this.value)
  }
}
