import { noGrad } from '../autograd.js'
import { ones } from '../create.js'
import type { Tensor } from '../tensor.js'
import { checkFloats, checkShapeIs, type Pair } from './check.js'
import { conv2d } from './conv.js'
import { div, mul } from './elementwise.js'
import { reshape } from './shape.js'
import { slide, type Padding } from './window.js'

/** Options of {@link weightedAvgPool2d}. */
export interface WeightedAvgPool2dOptions {
  /** Step of the window. Default: the size of the weights. */
  stride?: Pair
  /** Cells around the image, which do not count. Default 0. */
  padding?: Padding<Pair>
  /** Distance between the window's cells. Default 1. */
  dilation?: Pair
}

/**
 * The weighted mean under each window, Σ w·x / Σ w over its cells inside the image. Windows whose weights add up to 0
 * give NaN or infinity.
 *
 * @param x [N, C, H, W]
 * @param weight [R, S], the same for every channel
 * @returns [N, C, P, Q]
 * @throws {ShapeError} when the window does not fit
 */
export function weightedAvgPool2d(x: Tensor, weight: Tensor, options: WeightedAvgPool2dOptions = {}): Tensor {
  const op = 'weightedAvgPool2d'
  checkFloats(op, { x, weight })
  checkShapeIs(op, 'x', x, ['N', 'C', 'H', 'W'])
  checkShapeIs(op, 'weight', weight, ['R', 'S'])
  const [, channels, height, width] = x.shape as [number, number, number, number]
  const [r, s] = weight.shape as [number, number]
  const { stride = [r, s], padding = 0, dilation = 1 } = options
  slide(op, [height, width], [r, s], { stride, padding, dilation })
  const like = { dtype: x.dtype, device: x.device }
  const filter = reshape(weight, [1, 1, r, s])
  const filters = mul(filter, ones([channels, 1, 1, 1], like))
  const sums = conv2d(x, filters, undefined, { stride, padding, dilation, groups: channels })
  const whole = noGrad(() => ones([1, 1, height, width], like))
  return div(sums, conv2d(whole, filter, undefined, { stride, padding, dilation }))
}
