import { describe } from '../../errors.js'
import { checkSizes, checkWhole, type Pair } from '../../ops/check.js'
import { checkMode, resample, type ResampleMode } from '../../ops/resample.js'
import { scope } from '../../scope.js'
import type { Tensor } from '../../tensor.js'
import { checkImage } from './image.js'

/** How values between pixels are found. */
export type Interpolation = ResampleMode

/** Options of {@link resize}. */
export interface ResizeOptions {
  /** Default `'bilinear'`. */
  interpolation?: Interpolation | undefined
  /** The most that the longer edge may become, where `size` is that of the shorter one. */
  maxSize?: number | undefined
  /**
   * Widen the filter where the image is made smaller, as Pillow does. Default true; false takes the nearest pixels alone, as
   * OpenCV does.
   */
  antialias?: boolean | undefined
}

/**
 * An image brought to another size: torchvision's `resize`, `size` being [height, width], or one number for the shorter
 * edge, with the longer one in proportion.
 *
 * @throws {RangeError} for sizes or an interpolation that are none, or a `maxSize` that is no greater than `size` or beside a pair
 */
export function resize(x: Tensor, size: Pair, options: ResizeOptions = {}): Tensor {
  const { h, w } = checkImage('resize', x)
  const { interpolation: mode = 'bilinear', antialias = true } = options
  checkMode('resize', mode)
  const [height, width] = resizedTo('resize', h, w, size, options.maxSize)
  return scope(() => {
    const narrowed = width === w ? x : resample(x, -1, width, { mode, antialias })
    return height === h ? narrowed : resample(narrowed, -2, height, { mode, antialias })
  })
}

/** Rounded down, as by torchvision. */
function resizedTo(op: string, h: number, w: number, size: Pair, maxSize?: number): [height: number, width: number] {
  const [first, second] = checkSizes(op, 'size', size, 2, 1) as [number, number]
  if (typeof size !== 'number') {
    if (maxSize !== undefined)
      throw new RangeError(`${op}: expected maxSize beside one size, got ${describe(maxSize)} beside ${describe(size)}`)
    return [first, second]
  }
  let short = size
  let long = Math.max(1, Math.trunc((size * Math.max(h, w)) / Math.min(h, w)))
  if (maxSize !== undefined) {
    checkWhole(op, 'maxSize', maxSize, 1)
    if (maxSize <= size) throw new RangeError(`${op}: expected maxSize to be greater than ${size}, got ${maxSize}`)
    if (long > maxSize) [short, long] = [Math.max(1, Math.trunc((maxSize * short) / long)), maxSize]
  }
  return h <= w ? [short, long] : [long, short]
}
