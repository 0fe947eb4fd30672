import { describe } from '../errors.js'
import { checkWhole } from '../ops/check.js'
import type { Tensor } from '../tensor.js'
import { affine, rotate, type WarpedOptions } from './functional/affine.js'
import { adjustBrightness, adjustContrast, adjustSaturation } from './functional/color.js'
import { convertImageDtype } from './functional/convert.js'
import { equalize } from './functional/equalize.js'
import { checkChannels, whiteOf } from './functional/image.js'
import { adjustSharpness, autocontrast, posterize, solarize } from './functional/tone.js'
import { type RandomOptions, RandomTransform } from './random.js'

/** Options of {@link RandAugment}. */
export interface RandAugmentOptions extends RandomOptions, WarpedOptions {
  /** Changes one after the other. Default 2. */
  numOps?: number | undefined
  /** How strong they are: one of the bins, from 0 on. Default 9. */
  magnitude?: number | undefined
  /** Default 31. */
  numMagnitudeBins?: number | undefined
}

/** A change of the space by a share from 0 to 1 of its strongest; `sign` is 1, or for some −1. */
type Change = (x: Tensor, share: number, sign: 1 | -1, options: WarpedOptions) => Tensor

const degrees = (slope: number): number => (Math.atan(slope) * 180) / Math.PI
const moved = (side: 'x' | 'y', share: number, sign: number, x: Tensor): [number, number] => {
  const pixels = Math.trunc(sign * share * (150 / 331) * x.shape.at(side === 'x' ? -1 : -2)!)
  return side === 'x' ? [pixels, 0] : [0, pixels]
}

/** The space of Cubuk et al. as torchvision has it, with whether a change goes both ways. */
const SPACE: readonly (readonly [change: Change, signed: boolean])[] = [
  [(x) => x, false],
  [(x, share, sign, o) => affine(x, { ...o, shear: [degrees(sign * 0.3 * share), 0], center: [0, 0] }), true],
  [(x, share, sign, o) => affine(x, { ...o, shear: [0, degrees(sign * 0.3 * share)], center: [0, 0] }), true],
  [(x, share, sign, o) => affine(x, { ...o, translate: moved('x', share, sign, x) }), true],
  [(x, share, sign, o) => affine(x, { ...o, translate: moved('y', share, sign, x) }), true],
  [(x, share, sign, o) => rotate(x, sign * 30 * share, o), true],
  [(x, share, sign) => adjustBrightness(x, 1 + sign * 0.9 * share), true],
  [(x, share, sign) => adjustSaturation(x, 1 + sign * 0.9 * share), true],
  [(x, share, sign) => adjustContrast(x, 1 + sign * 0.9 * share), true],
  [(x, share, sign) => adjustSharpness(x, 1 + sign * 0.9 * share), true],
  [(x, share) => posterize(x, 8 - Math.round(4 * share)), false],
  [(x, share) => solarize(x, whiteOf(x) * (1 - share)), false],
  [(x) => autocontrast(x), false],
  [
    (x) => (x.dtype === 'uint8' ? equalize(x) : convertImageDtype(equalize(convertImageDtype(x, 'uint8')), x.dtype)),
    false,
  ],
]

/** A few random changes of one strength (Cubuk et al.: "RandAugment", 2020), of images of 1 or 3 channels. */
export class RandAugment extends RandomTransform {
  /** How many changes are drawn for an image. */
  readonly numOps: number
  /** How strong they are, from 0 to numMagnitudeBins − 1. */
  readonly magnitude: number
  /** How many strengths there are. */
  readonly numMagnitudeBins: number
  /** How pixels are found, and what lies beyond the image. */
  readonly options: WarpedOptions

  /** @throws {RangeError} unless the numbers are whole and the magnitude is a bin */
  constructor(options: RandAugmentOptions = {}) {
    super(options)
    const { numOps = 2, magnitude = 9, numMagnitudeBins = 31, interpolation, fill } = options
    this.numOps = checkWhole('RandAugment', 'numOps', numOps, 0)
    this.numMagnitudeBins = checkWhole('RandAugment', 'numMagnitudeBins', numMagnitudeBins, 1)
    this.magnitude = checkWhole('RandAugment', 'magnitude', magnitude, 0)
    if (magnitude >= numMagnitudeBins)
      throw new RangeError(`RandAugment: expected magnitude below ${numMagnitudeBins}, got ${describe(magnitude)}`)
    this.options = { interpolation, fill }
  }

  protected once(x: Tensor): Tensor {
    checkChannels('RandAugment', x, 1, 3)
    const share = this.numMagnitudeBins > 1 ? this.magnitude / (this.numMagnitudeBins - 1) : 0
    let y = x
    for (let i = 0; i < this.numOps; i++) {
      const [change, signed] = SPACE[this.generator.integer(SPACE.length)]!
      y = change(y, share, signed && this.generator.integer(2) === 1 ? -1 : 1, this.options)
    }
    return y
  }
}
