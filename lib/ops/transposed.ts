import { record } from '../autograd.js'
import { ShapeError } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import {
  checkFloats,
  checkShapeIs,
  checkSizes,
  checkWhole,
  type Pair,
  type Single,
  type Sizes,
  type Triple,
} from './check.js'
import {
  backwardBias,
  backwardInput,
  backwardWeight,
  type Convolution,
  convolution,
  forward,
  recall,
  remember,
} from './convolution.js'
import { lowered } from './precision.js'
import { batchOf, fromImage, toImage } from './signal.js'
import { SIDES, type Sliding, WINDOW } from './window.js'

/** How windows lie on the result of a transposed convolution. */
export interface ConvTransposeOptions<S extends Sizes> {
  /** Distance between the places that neighbouring cells of x are spread to. Default 1. */
  stride?: S
  /** Cells that are cut off on every side. Default 0. */
  padding?: S
  /** Cells more at the far end of every side, fewer than the stride or the dilation. Default 0. */
  outputPadding?: S
  /** Channels split into this many independent groups. Default 1. */
  groups?: number
  /** Distance between the window's taps. Default 1. */
  dilation?: S
}
/** Options of {@link convTranspose1d}. */
export type ConvTranspose1dOptions = ConvTransposeOptions<Single>
/** Options of {@link convTranspose2d}. */
export type ConvTranspose2dOptions = ConvTransposeOptions<Pair>
/** Options of {@link convTranspose3d}. */
export type ConvTranspose3dOptions = ConvTransposeOptions<Triple>

/**
 * The adjoint of `conv1d`, plus a bias: every cell of x is spread over the window. Sides are as long as those that
 * `conv1d` with the same options would shorten to x's, and by `outputPadding` longer.
 *
 * @param x [N, C, L]
 * @param weight [C, K / groups, S]
 * @param bias [K]
 * @returns [N, K, (L − 1)·stride − 2·padding + dilation·(S − 1) + outputPadding + 1]
 * @throws {ShapeError} when the shapes do not fit; {@link DTypeError}, {@link DeviceError} when dtypes or devices differ
 */
export const convTranspose1d = (x: Tensor, weight: Tensor, bias?: Tensor, options: ConvTranspose1dOptions = {}) =>
  convTranspose('convTranspose1d', 1, x, weight, bias, options)

/**
 * The adjoint of `conv2d`, plus a bias: every cell of x is spread over the window (Zeiler, Krishnan, Taylor, Fergus:
 * "Deconvolutional networks", 2010). Sides are as long as those that `conv2d` with the same options would shorten to x's,
 * and by `outputPadding` longer.
 *
 * @param x [N, C, H, W]
 * @param weight [C, K / groups, R, S]
 * @param bias [K]
 * @returns [N, K, P, Q] with P = (H − 1)·stride − 2·padding + dilation·(R − 1) + outputPadding + 1, Q likewise
 * @throws {ShapeError} when the shapes do not fit; {@link DTypeError}, {@link DeviceError} when dtypes or devices differ
 */
export const convTranspose2d = (x: Tensor, weight: Tensor, bias?: Tensor, options: ConvTranspose2dOptions = {}) =>
  convTranspose('convTranspose2d', 2, x, weight, bias, options)

/**
 * The adjoint of `conv3d`, plus a bias: every cell of x is spread over the window. Sides are as long as those that
 * `conv3d` with the same options would shorten to x's, and by `outputPadding` longer.
 *
 * @param x [N, C, D, H, W]
 * @param weight [C, K / groups, T, R, S]
 * @param bias [K]
 * @returns [N, K, O, P, Q] with O = (D − 1)·stride − 2·padding + dilation·(T − 1) + outputPadding + 1, P and Q likewise
 * @throws {ShapeError} when the shapes do not fit; {@link DTypeError}, {@link DeviceError} when dtypes or devices differ
 */
export const convTranspose3d = (x: Tensor, weight: Tensor, bias?: Tensor, options: ConvTranspose3dOptions = {}) =>
  convTranspose('convTranspose3d', 3, x, weight, bias, options)

// The passes of the convolution that takes y to x, in other roles.
function convTranspose(
  op: string,
  rank: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  options: ConvTransposeOptions<Sizes>,
): Tensor {
  ;[x, weight, bias] = lowered(x, weight, bias)
  checkFloats(op, { x, weight, bias })
  const g = recall(op, x, weight, options) ?? remember(x, weight, options, geometry(op, rank, x, weight, options))
  if (bias) checkShapeIs(op, 'bias', bias, [g.x[1]!])
  const images = toImage(x)
  const filters = toImage(weight)
  const y = backwardInput(g, images, filters, bias)
  record(op, y, [images, filters, bias], [images, filters], (dy, needs, [images, filters]) => [
    needs[0] && forward(g, dy, filters),
    needs[1] && backwardWeight(g, dy, images),
    needs[2] && backwardBias(dy),
  ])
  const result = fromImage(y, rank)
  tracer?.op(op, result, [x, weight, bias], g)
  return result
}

function geometry(
  op: string,
  rank: number,
  x: Tensor,
  weight: Tensor,
  options: ConvTransposeOptions<Sizes>,
): Convolution {
  const groups = checkWhole(op, 'groups', options.groups ?? 1, 1)
  checkShapeIs(op, 'x', x, batchOf(rank))
  const [n, c, ...sides] = x.shape as [number, number, ...number[]]
  if (c % groups !== 0) throw new ShapeError(`${op}: expected channels divisible by ${groups} groups, got ${c}`)
  checkShapeIs(op, 'weight', weight, [c, 'K / groups', ...WINDOW[rank - 1]!])
  const [, filters, ...kernel] = weight.shape as [number, number, ...number[]]
  const k = filters * groups
  return convolution(op, [n, k, c, groups], spread(op, sides, kernel, options))
}

/** How the window of the convolution slides whose positions are the cells of x. */
function spread(op: string, sides: number[], kernel: number[], options: ConvTransposeOptions<Sizes>): Sliding[] {
  const rank = sides.length
  checkSizes(op, 'kernel size', kernel, rank, 1)
  const strides = checkSizes(op, 'stride', options.stride ?? 1, rank, 1)
  const paddings = checkSizes(op, 'padding', options.padding ?? 0, rank, 0)
  const extras = checkSizes(op, 'outputPadding', options.outputPadding ?? 0, rank, 0)
  const dilations = checkSizes(op, 'dilation', options.dilation ?? 1, rank, 1)
  return sides.map((cells, i) => {
    const [taps, stride, padding, extra, dilation] = [kernel[i]!, strides[i]!, paddings[i]!, extras[i]!, dilations[i]!]
    const side = SIDES[rank - 1]![i]!
    if (cells === 0) throw new ShapeError(`${op}: expected x of a ${side} of at least 1, got 0`)
    if (extra >= Math.max(stride, dilation))
      throw new RangeError(
        `${op}: expected outputPadding below the stride ${stride} or the dilation ${dilation}, got ${extra}`,
      )
    const size = (cells - 1) * stride - 2 * padding + dilation * (taps - 1) + extra + 1
    if (size < 1)
      throw new ShapeError(
        `${op}: expected an output ${side} of at least 1, got ` +
          `(${cells} − 1)·${stride} − 2·${padding} + ${dilation}·(${taps} − 1) + ${extra} + 1 = ${size}`,
      )
    return { size, kernel: taps, stride, dilation, before: padding, after: padding, output: cells }
  })
}
