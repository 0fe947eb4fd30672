import { describe } from '../../errors.js'
import { add } from '../../ops/elementwise.js'
import { mean } from '../../ops/reduce.js'
import { repeat } from '../../ops/repeat.js'
import { slice } from '../../ops/slice.js'
import { cast } from '../../ops/convert.js'
import { scale } from '../../ops/unary.js'
import { scope } from '../../scope.js'
import type { Tensor } from '../../tensor.js'
import { blend, times, within } from './blend.js'
import { asFloat, checkChannels, checkFactor, checkImage, type Factor, wholeFor } from './image.js'

/** The red, green and blue planes of an image, each of one channel. */
export const planesOf = (x: Tensor): [red: Tensor, green: Tensor, blue: Tensor] =>
  [0, 1, 2].map((c) => slice(x, -3, c, c + 1)) as [Tensor, Tensor, Tensor]

/** Floats of one channel, in x's units. */
function luma(x: Tensor): Tensor {
  const [red, green, blue] = planesOf(asFloat(x))
  return add(add(scale(red, 0.2989), scale(green, 0.587)), scale(blue, 0.114))
}

/**
 * A colour image in grey: torchvision's `rgb_to_grayscale`, 0.2989 R + 0.587 G + 0.114 B; bytes are rounded down.
 *
 * @param channels 1, or 3 equal ones. Default 1.
 * @throws {ShapeError} unless x has 1 or 3 channels
 */
export function rgbToGrayscale(x: Tensor, channels: 1 | 3 = 1): Tensor {
  const { c } = checkChannels('rgbToGrayscale', x, 1, 3)
  if (channels !== 1 && channels !== 3)
    throw new RangeError(`rgbToGrayscale: expected 1 or 3 channels, got ${describe(channels)}`)
  if (c === channels && c === 1) return x
  return scope(() => {
    const gray = c === 1 ? x : cast(luma(x), x.dtype)
    return channels === 1 ? gray : repeat(gray, x.shape.map((_, d) => (d === x.rank - 3 ? 3 : 1))) // prettier-ignore
  })
}

/**
 * An image made darker or brighter: all values times a factor, 0 giving black.
 * @param factor from 0 on; one for each image of a batch, or one for all
 * @throws {RangeError}
 */
export function adjustBrightness(x: Tensor, factor: Factor): Tensor {
  checkImage('adjustBrightness', x)
  checkFactor('adjustBrightness', 'factor', factor, 0)
  return scope(() => within(x, times('adjustBrightness', asFloat(x), factor)))
}

/**
 * An image with less or more contrast: 0 gives its mean grey.
 * @param factor from 0 on; one for each image of a batch, or one for all
 * @throws {RangeError} {@link ShapeError} unless x has 1 or 3 channels
 */
export function adjustContrast(x: Tensor, factor: Factor): Tensor {
  const { c } = checkChannels('adjustContrast', x, 1, 3)
  checkFactor('adjustContrast', 'factor', factor, 0)
  return scope(() => {
    const gray = c === 3 ? wholeFor(x, luma(x)) : asFloat(x)
    return blend('adjustContrast', x, mean(gray, [-3, -2, -1], { keepDim: true }), factor)
  })
}

/**
 * An image with less or more colour: 0 gives a grey one. One of a single channel stays.
 * @param factor from 0 on; one for each image of a batch, or one for all
 * @throws {RangeError} {@link ShapeError} unless x has 1 or 3 channels
 */
export function adjustSaturation(x: Tensor, factor: Factor): Tensor {
  const { c } = checkChannels('adjustSaturation', x, 1, 3)
  checkFactor('adjustSaturation', 'factor', factor, 0)
  return c === 1 ? x : scope(() => blend('adjustSaturation', x, wholeFor(x, luma(x)), factor))
}
