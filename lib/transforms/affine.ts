import { describe } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { fromMiddle, rotate, rotation, warped, type WarpedOptions } from './functional/affine.js'
import { checkImage } from './functional/image.js'
import { inverseMap, type Map } from './functional/maps.js'
import { checkRange, type RandomOptions, RandomTransform, type Range, symmetric } from './random.js'

/** What transforms that move pixels are told. */
export interface TurnOptions extends RandomOptions, WarpedOptions {
  /** What stays in place, in pixels from the left and from the top. Default: the middle. */
  center?: readonly [x: number, y: number] | undefined
}

/** A transform whose draw is an affine map. Beyond the image lies `fill`, by default 0. */
abstract class RandomWarp extends RandomTransform {
  /** How pixels are found, and what lies beyond the image. */
  readonly options: TurnOptions

  constructor(options: TurnOptions) {
    super(options)
    const { interpolation = 'nearest' } = options
    if (interpolation !== 'nearest' && interpolation !== 'bilinear')
      throw new RangeError(
        `${this.constructor.name}: expected interpolation to be 'nearest' or 'bilinear', got ${describe(interpolation)}`,
      )
    this.options = { ...options, fill: options.fill ?? 0 }
  }

  protected abstract draw(h: number, w: number): Map

  protected once(x: Tensor): Tensor {
    const { h, w } = checkImage(this.constructor.name, x)
    return this.#warp(x, [this.draw(h, w)])
  }

  protected override each(x: Tensor): Tensor {
    const { n, h, w } = checkImage(this.constructor.name, x)
    return this.#warp(
      x,
      Array.from({ length: n }, () => this.draw(h, w)),
    )
  }

  #warp(x: Tensor, maps: readonly Map[]): Tensor {
    const { h, w } = checkImage(this.constructor.name, x)
    return warped(this.constructor.name, x, maps, [h, w], this.options)
  }
}

/** Options of {@link RandomRotation}. */
export interface RandomRotationOptions extends TurnOptions {
  /** Make images large enough to hold all of what they held; not with `perSample`. Default false. */
  expand?: boolean | undefined
}

/** Turns images by a random angle. */
export class RandomRotation extends RandomWarp {
  /** From the first to the second, counter-clockwise. */
  readonly degrees: Range
  /** Whether images become large enough to hold all of what they held. */
  readonly expand: boolean

  /**
   * @param degrees counter-clockwise, from the first to the second, or from −degrees to degrees
   * @throws {RangeError} for options that are none
   */
  constructor(degrees: number | Range, options: RandomRotationOptions = {}) {
    super(options)
    this.degrees = symmetric('RandomRotation', 'degrees', degrees)
    this.expand = options.expand ?? false
    if (this.expand && this.perSample)
      throw new RangeError('RandomRotation: expected expand without perSample, since images of a batch are of one size')
  }

  /** @internal */
  protected override once(x: Tensor): Tensor {
    return rotate(x, this.between(this.degrees), { ...this.options, expand: this.expand })
  }

  /** @internal */
  protected draw(h: number, w: number): Map {
    return rotation(this.between(this.degrees), fromMiddle('RandomRotation', this.options.center, h, w))
  }
}

/** Options of {@link RandomAffine}. */
export interface RandomAffineOptions extends TurnOptions {
  /** Degrees, clockwise, from the first to the second, or from −degrees to degrees. Default 0. */
  degrees?: number | Range | undefined
  /** The most to shift by, as shares of the width and of the height; whole pixels are drawn. Default [0, 0]. */
  translate?: readonly [x: number, y: number] | undefined
  /** Default [1, 1]. */
  scale?: Range | undefined
  /** Degrees along x, and, by a second pair, along y; one number a stands for [−a, a] along x. Default 0. */
  shear?: number | Range | readonly [number, number, number, number] | undefined
}

/** Turns, shifts, scales and shears images at random. */
export class RandomAffine extends RandomWarp {
  /** From the first to the second, clockwise. */
  readonly degrees: Range
  /** The most to shift by, as shares of the width and of the height. */
  readonly translate: readonly [x: number, y: number]
  /** From the first to the second. */
  readonly scale: Range
  /** Degrees along each side, from the first to the second. */
  readonly shear: readonly [x: Range, y: Range]

  /** @throws {RangeError} for options that are none */
  constructor(options: RandomAffineOptions = {}) {
    super(options)
    const { degrees = 0, translate = [0, 0], scale = [1, 1], shear = 0 } = options
    this.degrees = symmetric('RandomAffine', 'degrees', degrees)
    if (!Array.isArray(translate) || translate.length !== 2 || !translate.every((share) => share >= 0 && share <= 1))
      throw new RangeError(`RandomAffine: expected translate to be two shares from 0 to 1, got ${describe(translate)}`)
    this.translate = translate as readonly number[] as [number, number]
    this.scale = checkRange('RandomAffine', 'scale', scale, Number.MIN_VALUE)
    const [along, across]: [number | Range, Range] =
      typeof shear !== 'number' && shear.length === 4
        ? [
            [shear[0], shear[1]],
            [shear[2], shear[3]],
          ]
        : [shear, [0, 0]]
    this.shear = [symmetric('RandomAffine', 'shear', along), symmetric('RandomAffine', 'shear', across)]
  }

  /** @internal */
  protected draw(h: number, w: number): Map {
    const angle = this.between(this.degrees)
    const shift = (share: number, side: number) => Math.round(this.between([-share * side, share * side]))
    const translate = [shift(this.translate[0], w), shift(this.translate[1], h)] as const
    const scale = this.between(this.scale)
    const shear = [this.between(this.shear[0]), this.between(this.shear[1])] as const
    return inverseMap({ angle, translate, scale, shear, center: fromMiddle('RandomAffine', this.options.center, h, w) })
  }
}
