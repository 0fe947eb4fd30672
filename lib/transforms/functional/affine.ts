import { describe } from '../../errors.js'
import { checkNumber } from '../../ops/check.js'
import { flip } from '../../ops/indexing.js'
import { permute } from '../../ops/shape.js'
import { warpAffine } from '../../ops/warp.js'
import { scope } from '../../scope.js'
import type { Tensor } from '../../tensor.js'
import { asBatch, asGiven, checkImage } from './image.js'
import { expandedSize, inverseMap, type Map, toPlaces } from './maps.js'
import { medians } from './median.js'

/** One number for all that lies beyond the image, one per channel, or the median of each image's channel. */
export type Fill = number | readonly number[] | 'median'

/** How pixels are found, and what lies beyond the image. */
export interface WarpedOptions {
  /** Default `'nearest'`. */
  interpolation?: 'nearest' | 'bilinear' | undefined
  /**
   * Default: zeros. As in torchvision, a fill is mixed in at the borders by the share of the image in a pixel, whose sum counts
   * what lies outside as 0.
   */
  fill?: Fill | undefined
}

/** Options of {@link affine}. */
export interface AffineOptions extends WarpedOptions {
  /** Degrees, clockwise. Default 0. */
  angle?: number | undefined
  /** Pixels to the right and down. Default [0, 0]. */
  translate?: readonly [x: number, y: number] | undefined
  /** Default 1. */
  scale?: number | undefined
  /** Degrees along x and along y. Default [0, 0]. */
  shear?: readonly [x: number, y: number] | undefined
  /** What stays in place, in pixels from the left and from the top. Default: the middle. */
  center?: readonly [x: number, y: number] | undefined
}

/** Options of {@link rotate}. */
export interface RotateOptions extends WarpedOptions {
  /** Make the image large enough to hold all of it. Default false. */
  expand?: boolean | undefined
  /** See {@link AffineOptions}. */
  center?: readonly [x: number, y: number] | undefined
}

/**
 * An image turned, shifted, scaled and sheared: torchvision's `affine`. Off the tape: no gradient is computed.
 * @throws {RangeError} for a scale that is not positive; {@link TypeError} for what is no number
 */
export function affine(x: Tensor, options: AffineOptions = {}): Tensor {
  const { h, w } = checkImage('affine', x)
  const { angle = 0, translate = [0, 0], scale = 1, shear = [0, 0] } = options
  for (const value of [angle, ...translate, scale, ...shear]) checkNumber('affine', 'each parameter', value)
  if (!(scale > 0)) throw new RangeError(`affine: expected scale to be positive, got ${describe(scale)}`)
  const center = fromMiddle('affine', options.center, h, w)
  return warped('affine', x, [inverseMap({ angle, translate, scale, shear, center })], [h, w], options)
}

/**
 * An image turned counter-clockwise by an angle in degrees: torchvision's `rotate`. Quarter turns keep every pixel as it
 * is; for others no gradient is computed.
 * @throws {TypeError} for an angle that is none
 */
export function rotate(x: Tensor, angle: number, options: RotateOptions = {}): Tensor {
  const { h, w } = checkImage('rotate', x)
  checkNumber('rotate', 'angle', angle)
  const quarters = (((angle / 90) % 4) + 4) % 4
  if (!options.center && (quarters % 2 === 0 || (Number.isInteger(quarters) && (options.expand || h === w))))
    return quarterTurned(x, quarters)
  const map = rotation(angle, fromMiddle('rotate', options.center, h, w))
  return warped('rotate', x, [map], options.expand ? expandedSize(map, h, w) : [h, w], options)
}

/** Turned counter-clockwise by so many quarters, every pixel as it is. */
function quarterTurned(x: Tensor, quarters: number): Tensor {
  if (quarters === 0) return x
  if (quarters === 2) return flip(x, [-1, -2])
  const exchanged = x.rank === 3 ? [0, 2, 1] : [0, 1, 3, 2]
  return scope(() => flip(permute(x, exchanged), quarters === 1 ? -2 : -1))
}

export const rotation = (angle: number, center: readonly [number, number]): Map =>
  inverseMap({ angle: -angle, translate: [0, 0], scale: 1, shear: [0, 0], center })

/** A centre counted from the middle of the image. */
export function fromMiddle(op: string, center: readonly [number, number] | undefined, h: number, w: number) {
  if (!center) return [0, 0] as const
  if (!Array.isArray(center) || center.length !== 2 || !center.every(Number.isFinite))
    throw new RangeError(`${op}: expected center to be two numbers, got ${describe(center)}`)
  return [center[0] - w / 2, center[1] - h / 2] as const
}

/** Each image of a batch by its map, or all by one. */
export function warped(
  op: string,
  x: Tensor,
  maps: readonly Map[],
  size: readonly [number, number],
  { interpolation = 'nearest', fill }: WarpedOptions,
): Tensor {
  if (interpolation !== 'nearest' && interpolation !== 'bilinear')
    throw new RangeError(`${op}: expected interpolation to be 'nearest' or 'bilinear', got ${describe(interpolation)}`)
  const { n, h, w } = checkImage(op, x)
  return scope(() => {
    const batch = asBatch(x)
    const places = maps.map((map) => toPlaces(map, [h, w], size))
    const matrices = Array.from({ length: n }, (_, i) => places[places.length === 1 ? 0 : i]!).flat()
    const beyond = fill === 'median' ? medians(batch) : fill
    return asGiven(warpAffine(batch, matrices, { size, mode: interpolation, fill: beyond }), x)
  })
}
