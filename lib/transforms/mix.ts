import { isFloat } from '../dtype.js'
import { describe, DTypeError, ShapeError } from '../errors.js'
import { checkTensor, checkWhole } from '../ops/check.js'
import { where } from '../ops/compare.js'
import { add } from '../ops/elementwise.js'
import { indexSelect, oneHot } from '../ops/indexing.js'
import { scale } from '../ops/unary.js'
import { defaultGenerator, type Generator } from '../random.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { beta } from './beta.js'
import { insideOf } from './functional/erase.js'
import { checkImage } from './functional/image.js'
import { Called } from './transform.js'

/** Options of {@link MixUp} and {@link CutMix}. */
export interface MixOptions {
  /** Of the beta distribution that the shares are drawn from. Default 1: all shares are as likely. */
  alpha?: number | undefined
  /** Classes, where labels are int32 [N]. */
  numClasses?: number | undefined
  /** Default: the one that `manualSeed()` seeds. */
  generator?: Generator | undefined
}

type Mixed = [images: Tensor, labels: Tensor]

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the only way to type `mix(images, labels)`
interface Mix {
  (images: Tensor, labels: Tensor): Mixed
}

/** Mixes each image of a batch, and its label, with the one before it; one share is drawn for all, as in torchvision. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
abstract class Mix extends Called {
  /** Of the beta distribution that the shares are drawn from. */
  readonly alpha: number
  /** Classes, where labels are int32 [N]. */
  readonly numClasses: number | undefined
  /** What is drawn from. */
  readonly generator: Generator

  /** @throws {RangeError} unless alpha is positive and numClasses a positive integer */
  constructor({ alpha = 1, numClasses, generator = defaultGenerator }: MixOptions = {}) {
    super()
    if (!(alpha > 0 && alpha < Infinity))
      throw new RangeError(`${new.target.name}: expected alpha to be positive, got ${describe(alpha)}`)
    if (numClasses !== undefined) checkWhole(new.target.name, 'numClasses', numClasses, 1)
    this.alpha = alpha
    this.numClasses = numClasses
    this.generator = generator
  }

  /**
   * @param images [N, C, H, W]
   * @param labels int32 [N], or shares [N, classes] of a float dtype
   * @returns images, and labels as shares [N, classes]
   * @throws {ShapeError} {@link DTypeError} for other ones
   */
  forward(images: Tensor, labels: Tensor): Mixed {
    const { n } = checkImage(this.constructor.name, images)
    checkTensor(this.constructor.name, 'labels', labels)
    if (images.rank !== 4)
      throw new ShapeError(`${this.constructor.name}: expected a batch [N, C, H, W], got ${showShape(images.shape)}`)
    const shares = this.#shares(labels, n)
    const share = beta(this.alpha, this.generator)
    const before = (x: Tensor) =>
      indexSelect(
        x,
        0,
        Int32Array.from({ length: n }, (_, i) => (i + n - 1) % n),
      )
    const [mixed, kept] = this.mix(images, before(images), share)
    return [mixed, add(scale(shares, kept), scale(before(shares), 1 - kept))]
  }

  /** The images, and what share of them is left. */
  protected abstract mix(images: Tensor, others: Tensor, share: number): [mixed: Tensor, kept: number]

  #shares(labels: Tensor, n: number): Tensor {
    const owner = this.constructor.name
    if (labels.shape[0] !== n || labels.rank > 2)
      throw new ShapeError(`${owner}: expected labels [${n}] or [${n}, classes], got ${showShape(labels.shape)}`)
    if (labels.rank === 2) {
      if (!isFloat(labels.dtype))
        throw new DTypeError(`${owner}: expected labels [N, classes] of a float dtype, got ${labels.dtype}`)
      return labels
    }
    if (this.numClasses === undefined)
      throw new RangeError(`${owner}: expected numClasses for labels [N], got undefined`)
    return oneHot(labels, this.numClasses).to('float32')
  }
}

/** λ · x + (1 − λ) · x' of images and labels (Zhang et al.: "mixup", 2018). Images are of a float dtype. */
export class MixUp extends Mix {
  protected mix(images: Tensor, others: Tensor, share: number): [Tensor, number] {
    if (!isFloat(images.dtype))
      throw new DTypeError(`MixUp: expected images of a float dtype, got ${images.dtype}; put ToTensor before it`)
    return [add(scale(images, share), scale(others, 1 - share)), share]
  }
}

/** A random box of each image comes from another one (Yun et al.: "CutMix", 2019); labels by area. */
export class CutMix extends Mix {
  protected mix(images: Tensor, others: Tensor, share: number): [Tensor, number] {
    const { h, w } = checkImage('CutMix', images)
    const [column, row] = [this.generator.integer(w), this.generator.integer(h)]
    const half = 0.5 * Math.sqrt(1 - share)
    const [halfW, halfH] = [Math.trunc(half * w), Math.trunc(half * h)]
    const [left, top] = [Math.max(0, column - halfW), Math.max(0, row - halfH)]
    const [width, height] = [Math.min(w, column + halfW) - left, Math.min(h, row + halfH) - top]
    const inside = insideOf([{ top, left, height, width }], h, w, images.device)
    return [where(inside, others, images), 1 - (width * height) / (w * h)]
  }
}
