import { describe } from '../errors.js'
import { probability } from '../nn/validate.js'
import type { Tensor } from '../tensor.js'
import { adjustBrightness, adjustContrast, adjustSaturation, rgbToGrayscale } from './functional/color.js'
import { adjustHue } from './functional/hue.js'
import { checkChannels, type Factor } from './functional/image.js'
import { checkRange, type RandomOptions, RandomTransform, type Range } from './random.js'
import { Transform } from './transform.js'

/** Options of {@link ColorJitter}. */
export interface ColorJitterOptions extends RandomOptions {
  /** A factor is drawn from 1 − a to 1 + a, or from a range. Default: none, as for the others. */
  brightness?: number | Range | undefined
  /** As `brightness`. */
  contrast?: number | Range | undefined
  /** As `brightness`. */
  saturation?: number | Range | undefined
  /** A share of the colour circle, drawn from −a to a, or from a range; at most 0.5. */
  hue?: number | Range | undefined
}

type Adjustment = (x: Tensor, factor: Factor) => Tensor

/** Changes brightness, contrast, saturation and hue at random, in a random order. */
export class ColorJitter extends RandomTransform {
  /** What the factor is drawn from; undefined: not changed. */
  readonly brightness: Range | undefined
  /** What the factor is drawn from; undefined: not changed. */
  readonly contrast: Range | undefined
  /** What the factor is drawn from; undefined: not changed. */
  readonly saturation: Range | undefined
  /** What the share of the colour circle is drawn from; undefined: not changed. */
  readonly hue: Range | undefined

  /** @throws {RangeError} for options that are none */
  constructor(options: ColorJitterOptions = {}) {
    super(options)
    const around = (name: 'brightness' | 'contrast' | 'saturation'): Range | undefined => {
      const value = options[name]
      if (typeof value !== 'number') return value && checkRange('ColorJitter', name, value, 0)
      if (!(value >= 0 && value < Infinity))
        throw new RangeError(`ColorJitter: expected ${name} to be at least 0, got ${describe(value)}`)
      return [Math.max(0, 1 - value), 1 + value]
    }
    this.brightness = around('brightness')
    this.contrast = around('contrast')
    this.saturation = around('saturation')
    const { hue } = options
    this.hue =
      typeof hue === 'number'
        ? checkRange('ColorJitter', 'hue', [-hue, hue])
        : hue && checkRange('ColorJitter', 'hue', hue)
    if (this.hue && !(this.hue[0] >= -0.5 && this.hue[1] <= 0.5))
      throw new RangeError(`ColorJitter: expected hue between -0.5 and 0.5, got ${describe(hue)}`)
  }

  protected once(x: Tensor): Tensor {
    const steps: readonly [Adjustment, Range | undefined][] = [
      [adjustBrightness, this.brightness],
      [adjustContrast, this.contrast],
      [adjustSaturation, this.saturation],
      [adjustHue, this.hue],
    ]
    return [...this.generator.permutation(steps.length)].reduce((image, i) => {
      const [adjust, range] = steps[i]!
      return range ? adjust(image, this.between(range)) : image
    }, x)
  }
}

/** See {@link rgbToGrayscale}. */
export class Grayscale extends Transform {
  /** @throws {RangeError} for other numbers of channels */
  constructor(
    /** Of the result. */
    readonly channels: 1 | 3 = 1,
  ) {
    super()
    if (channels !== 1 && channels !== 3)
      throw new RangeError(`Grayscale: expected 1 or 3 channels, got ${describe(channels)}`)
  }

  forward(x: Tensor): Tensor {
    return rgbToGrayscale(x, this.channels)
  }
}

/** Options of {@link RandomGrayscale}. */
export interface RandomGrayscaleOptions extends RandomOptions {
  /** Default 0.1. */
  p?: number | undefined
}

/** Turns images grey with a probability, with as many channels as they had. */
export class RandomGrayscale extends RandomTransform {
  /** Probability. */
  readonly p: number

  /** @throws {RangeError} unless p is a probability */
  constructor(options: RandomGrayscaleOptions = {}) {
    super(options)
    this.p = probability('RandomGrayscale', 'p', options.p ?? 0.1)
  }

  protected once(x: Tensor): Tensor {
    const { c } = checkChannels('RandomGrayscale', x, 1, 3)
    return this.happens(this.p) ? rgbToGrayscale(x, c as 1 | 3) : x
  }
}
