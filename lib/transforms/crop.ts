import { ShapeError } from '../errors.js'
import { checkSizes, type Pair } from '../ops/check.js'
import { warpAffine } from '../ops/warp.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { checkPadding, crop, pad, type Padding, type PadOptions, resizedCrop } from './functional/crop.js'
import { checkImage } from './functional/image.js'
import type { ResizeOptions } from './functional/resize.js'
import { checkRange, type RandomOptions, RandomTransform, type Range } from './random.js'

/** Options of {@link RandomCrop}. */
export interface RandomCropOptions extends RandomOptions, PadOptions {
  /** Added before the crop. Default 0. */
  padding?: Padding | undefined
  /** Pad images that are too small, on both sides by what lacks. Default false: they are an error. */
  padIfNeeded?: boolean | undefined
}

/** A part of a size from a random place. */
export class RandomCrop extends RandomTransform {
  /** Of the result. */
  readonly size: readonly [height: number, width: number]
  /** How the image is padded before. */
  readonly options: RandomCropOptions

  /** @throws {RangeError} for a size or padding that is none */
  constructor(size: Pair, options: RandomCropOptions = {}) {
    super(options)
    this.size = checkSizes('RandomCrop', 'size', size, 2, 1) as [number, number]
    checkPadding('RandomCrop', options.padding ?? 0)
    this.options = options
  }

  /** What is added before the crop. @throws {ShapeError} when the images are too small */
  #padding(x: Tensor): [left: number, top: number, right: number, bottom: number] {
    const { h, w } = checkImage('RandomCrop', x)
    const [left, top, right, bottom] = checkPadding('RandomCrop', this.options.padding ?? 0)
    const [lackX, lackY] = [this.size[1] - w - left - right, this.size[0] - h - top - bottom]
    if (lackX <= 0 && lackY <= 0) return [left, top, right, bottom]
    if (!this.options.padIfNeeded)
      throw new ShapeError(
        `RandomCrop: expected images of at least ${showShape(this.size)} with their padding, got ${showShape(x.shape)}`,
      )
    const [moreX, moreY] = [Math.max(0, lackX), Math.max(0, lackY)]
    return [left + moreX, top + moreY, right + moreX, bottom + moreY]
  }

  #place(h: number, w: number): [top: number, left: number] {
    return [this.upTo(h - this.size[0]), this.upTo(w - this.size[1])]
  }

  protected once(x: Tensor): Tensor {
    const padded = pad(x, this.#padding(x), this.options)
    const { h, w } = checkImage('RandomCrop', padded)
    return crop(padded, ...this.#place(h, w), ...this.size)
  }

  protected override each(x: Tensor): Tensor {
    const sides = this.#padding(x)
    const { paddingMode = 'constant', fill = 0 } = this.options
    // A constant border need not be made before it is cropped.
    const source = paddingMode === 'constant' ? x : pad(x, sides, this.options)
    const [left, top, right, bottom] = paddingMode === 'constant' ? sides : [0, 0, 0, 0]
    const { n, h, w } = checkImage('RandomCrop', source)
    const matrices = Array.from({ length: n }, () => {
      const [y, x] = this.#place(h + top + bottom, w + left + right)
      return [1, 0, x - left, 0, 1, y - top]
    })
    return warpAffine(source, matrices.flat(), { size: this.size, fill })
  }
}

/** Options of {@link RandomResizedCrop}. */
export interface RandomResizedCropOptions extends RandomOptions, Pick<ResizeOptions, 'interpolation' | 'antialias'> {
  /** The share of the image's area that is taken. Default [0.08, 1]. */
  scale?: Range | undefined
  /** Width over height of what is taken. Default [3/4, 4/3]. */
  ratio?: Range | undefined
}

/** A part of random area and proportions, brought to a size (Szegedy et al.: "Going deeper with convolutions", 2015). */
export class RandomResizedCrop extends RandomTransform {
  /** Of the result. */
  readonly size: readonly [height: number, width: number]
  /** Share of the area that is cut out, from the first to the second. */
  readonly scale: Range
  /** Its width by its height, from the first to the second. */
  readonly ratio: Range
  /** How it is resized. */
  readonly options: RandomResizedCropOptions

  /** @throws {RangeError} for options that are none */
  constructor(size: Pair, options: RandomResizedCropOptions = {}) {
    super(options)
    const { scale = [0.08, 1], ratio = [3 / 4, 4 / 3] } = options
    this.size = checkSizes('RandomResizedCrop', 'size', size, 2, 1) as [number, number]
    this.scale = checkRange('RandomResizedCrop', 'scale', scale, 0)
    this.ratio = checkRange('RandomResizedCrop', 'ratio', ratio, Number.MIN_VALUE)
    this.options = options
  }

  /** Ten tries, and then the middle of the image in the nearest proportions, as torchvision. */
  #part(h: number, w: number): [top: number, left: number, height: number, width: number] {
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = h * w * this.between(this.scale)
      const ratio = Math.exp(this.between([Math.log(this.ratio[0]), Math.log(this.ratio[1])]))
      const [width, height] = [Math.round(Math.sqrt(area * ratio)), Math.round(Math.sqrt(area / ratio))]
      if (width > 0 && width <= w && height > 0 && height <= h)
        return [this.upTo(h - height), this.upTo(w - width), height, width]
    }
    const [low, high] = this.ratio
    const height = w / h < low ? Math.max(1, Math.round(w / low)) : h
    const width = w / h > high ? Math.max(1, Math.round(h * high)) : w
    return [Math.floor((h - height) / 2), Math.floor((w - width) / 2), height, width]
  }

  protected once(x: Tensor): Tensor {
    const { h, w } = checkImage('RandomResizedCrop', x)
    return resizedCrop(x, ...this.#part(h, w), this.size, this.options)
  }
}
