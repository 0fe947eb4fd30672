import { tensor } from '../../create.js'
import { isFloat } from '../../dtype.js'
import { describe } from '../../errors.js'
import { eq, ge, where } from '../../ops/compare.js'
import { cast } from '../../ops/convert.js'
import { conv2d } from '../../ops/conv.js'
import { add, div, sub } from '../../ops/elementwise.js'
import { slice } from '../../ops/slice.js'
import { cat } from '../../ops/join.js'
import { max, min } from '../../ops/reduce.js'
import { reshape } from '../../ops/shape.js'
import { clamp, scale } from '../../ops/unary.js'
import { scope } from '../../scope.js'
import { toRowMajor } from '../../layout.js'
import type { Tensor } from '../../tensor.js'
import { blend, within } from './blend.js'
import { asBatch, asFloat, asGiven, checkFactor, checkImage, whiteOf } from './image.js'

const rounded = (x: Tensor): Tensor => cast(cast(add(x, 0.5), 'uint8'), 'float32')

/** The negative of an image. */
export function invert(x: Tensor): Tensor {
  checkImage('invert', x)
  return scope(() => cast(sub(whiteOf(x), asFloat(x)), x.dtype))
}

/** An image whose values from a threshold on are inverted. @throws {RangeError} for a threshold beyond white */
export function solarize(x: Tensor, threshold: number): Tensor {
  checkImage('solarize', x)
  checkFactor('solarize', 'threshold', threshold, 0, whiteOf(x))
  return scope(() => where(ge(x, threshold), invert(x), x))
}

/** An image of 2^bits levels per channel. @throws {RangeError} unless bits is a whole number from 0 to 8 */
export function posterize(x: Tensor, bits: number): Tensor {
  checkImage('posterize', x)
  if (!(Number.isInteger(bits) && bits >= 0 && bits <= 8))
    throw new RangeError(`posterize: expected bits to be a whole number from 0 to 8, got ${describe(bits)}`)
  const levels = 2 ** bits
  const down = (values: Tensor) => cast(cast(values, 'int32'), values.dtype)
  return scope(() => {
    if (isFloat(x.dtype)) return scale(clamp(down(scale(x, levels)), 0, levels - 1), 1 / levels)
    const step = 256 / levels
    return cast(scale(down(scale(asFloat(x), 1 / step)), step), 'uint8')
  })
}

/** An image whose channels, each by itself, are stretched from black to white. One of a single value stays. */
export function autocontrast(x: Tensor): Tensor {
  const { n, c, h, w } = checkImage('autocontrast', x)
  return scope(() => {
    const values = asFloat(toRowMajor(x))
    const rows = reshape(values, [n * c, h * w])
    const perPlane = (extremes: Tensor) => reshape(extremes, x.rank === 3 ? [c, 1, 1] : [n, c, 1, 1])
    const [least, greatest] = [perPlane(min(rows, 1).values), perPlane(max(rows, 1).values)]
    const flat = eq(least, greatest)
    const range = where(flat, 1, scale(sub(greatest, least), 1 / whiteOf(x)))
    return within(x, div(sub(values, where(flat, 0, least)), range))
  })
}

/** The mean of nine pixels, the middle one counting five times. */
const SMOOTH = [1, 1, 1, 1, 5, 1, 1, 1, 1].map((weight) => weight / 13)

/**
 * An image made softer or sharper: 0 blurs, 1 changes nothing. The pixels at the edge stay, and so does an image of sides
 * below 3.
 * @param factor from 0 on
 * @throws {RangeError}
 */
export function adjustSharpness(x: Tensor, factor: number): Tensor {
  const { n, c, h, w } = checkImage('adjustSharpness', x)
  checkFactor('adjustSharpness', 'factor', factor, 0)
  if (h < 3 || w < 3) return x
  return scope(() => {
    const planes = reshape(asFloat(asBatch(x)), [n * c, 1, h, w])
    const weight = tensor(SMOOTH, { shape: [1, 1, 3, 3], device: x.device, dtype: planes.dtype })
    const smooth = conv2d(planes, weight)
    const inner = framed(isFloat(x.dtype) ? smooth : rounded(smooth), planes)
    return asGiven(blend('adjustSharpness', asBatch(x), reshape(inner, [n, c, h, w]), factor), x)
  })
}

/** `inner` with the edge of `whole`, which is two larger in height and width, around it. */
function framed(inner: Tensor, whole: Tensor): Tensor {
  const edge = (x: Tensor, dim: number, first: boolean) => slice(x, dim, first ? 0 : -1, first ? 1 : undefined)
  const middle = slice(whole, 2, 1, -1)
  const rows = cat([edge(middle, 3, true), inner, edge(middle, 3, false)], 3)
  return cat([edge(whole, 2, true), rows, edge(whole, 2, false)], 2)
}
