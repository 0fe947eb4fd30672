// What an image is: [C, H, W], or a batch [N, C, H, W], of uint8 from 0 to 255 or of floats from 0 to 1.
import { isFloat } from '../../dtype.js'
import { describe, ShapeError } from '../../errors.js'
import { cast } from '../../ops/convert.js'
import { checkPixels } from '../../ops/resample.js'
import { reshape } from '../../ops/shape.js'
import { showShape } from '../../shape.js'
import type { Tensor } from '../../tensor.js'

export interface ImageSizes {
  /** 1 for a single image. */
  readonly n: number
  readonly c: number
  readonly h: number
  readonly w: number
}

/** @throws {TypeError} {@link DTypeError} {@link ShapeError} unless x is an image or a batch of them */
export function checkImage(op: string, x: Tensor): ImageSizes {
  checkPixels(op, x)
  const [w = 0, h = 0, c = 0, n = 1] = x.shape.toReversed()
  if (x.rank < 3 || x.rank > 4 || c * h * w === 0)
    throw new ShapeError(`${op}: expected an image [C, H, W] or a batch [N, C, H, W], got ${showShape(x.shape)}`)
  return { n, c, h, w }
}

/** @throws {ShapeError} unless there are as many channels as one of `counts` */
export function checkChannels(op: string, x: Tensor, ...counts: number[]): ImageSizes {
  const sizes = checkImage(op, x)
  if (!counts.includes(sizes.c))
    throw new ShapeError(`${op}: expected an image of ${counts.join(' or ')} channels, got ${showShape(x.shape)}`)
  return sizes
}

/** [N, C, H, W] */
export const asBatch = (x: Tensor): Tensor => (x.rank === 3 ? reshape(x, [1, ...x.shape]) : x)

/** A batch of one in the rank of the image that it was made of. */
export const asGiven = (y: Tensor, x: Tensor): Tensor => (x.rank === 3 ? reshape(y, y.shape.slice(1)) : y)

/** The greatest value that a pixel has. */
export const whiteOf = (x: Tensor): number => (isFloat(x.dtype) ? 1 : 255)

/** Bytes as float32 from 0 to 255; floats as they are. */
export const asFloat = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : cast(x, 'float32'))

/** Whole numbers as bytes have them: rounded down for bytes, floats as they are. */
export const wholeFor = (x: Tensor, values: Tensor): Tensor =>
  isFloat(x.dtype) ? values : cast(cast(values, 'uint8'), 'float32')

/** @throws {RangeError} unless `value` is a finite number, or several of them, from `low` to `high` */
export function checkFactor(op: string, name: string, value: Factor, low: number, high = Infinity): void {
  for (const each of typeof value === 'number' ? [value] : value)
    if (!(Number.isFinite(each) && each >= low && each <= high))
      throw new RangeError(
        `${op}: expected ${name} to be ${high < Infinity ? `from ${low} to ${high}` : `at least ${low}`}, got ${describe(value)}`,
      )
}

/** One number for all images, or one for each image of a batch. */
export type Factor = number | readonly number[]
