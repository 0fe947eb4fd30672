import { isAutocastEnabled } from '../autocast.js'
import { record } from '../autograd.js'
import { ShapeError } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkFloats, checkShapeIs, checkWhole, type Pair, type Single, type Sizes, type Triple } from './check.js'
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
import { slide, type Padding, WINDOW } from './window.js'

/** How windows lie on what is convolved. */
export interface ConvOptions<S extends Sizes> {
  /** Step of the window. Default 1. */
  stride?: S
  /** Zeros around the image. Default 0. */
  padding?: Padding<S>
  /** Distance between the window's taps. Default 1. */
  dilation?: S
  /** Channels and filters split into this many independent groups. Default 1. */
  groups?: number
}
/** Options of {@link conv1d}. */
export type Conv1dOptions = ConvOptions<Single>
/** Options of {@link conv2d}. */
export type Conv2dOptions = ConvOptions<Pair>
/** Options of {@link conv3d}. */
export type Conv3dOptions = ConvOptions<Triple>

/**
 * 1-D convolution (cross-correlation, as everywhere in deep learning).
 *
 * @param x [N, C, L]
 * @param weight [K, C / groups, S]
 * @param bias [K]
 * @returns [N, K, Q] with Q = ⌊(L + 2·padding − dilation·(S − 1) − 1) / stride⌋ + 1
 * @throws {ShapeError} when the shapes do not fit; {@link DTypeError}, {@link DeviceError} when dtypes or devices differ
 */
export const conv1d = (x: Tensor, weight: Tensor, bias?: Tensor, options: Conv1dOptions = {}): Tensor =>
  conv('conv1d', 1, x, weight, bias, options)

/**
 * 2-D convolution (cross-correlation, as everywhere in deep learning), by products of matrices (Chellapilla, Puri, Simard:
 * "High performance convolutional neural networks for document processing", 2006) or, for 3×3 windows at stride 1 on the
 * CPU, by minimal filtering (Lavin, Gray: "Fast algorithms for convolutional neural networks", 2016): see
 * `backends.cpu.convAlgorithm`.
 *
 * @param x [N, C, H, W]
 * @param weight [K, C / groups, R, S]
 * @param bias [K]
 * @returns [N, K, P, Q] with P = ⌊(H + 2·padding − dilation·(R − 1) − 1) / stride⌋ + 1, Q likewise
 * @throws {ShapeError} when the shapes do not fit; {@link DTypeError}, {@link DeviceError} when dtypes or devices differ
 */
export const conv2d = (x: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor =>
  conv('conv2d', 2, x, weight, bias, options)

/**
 * 3-D convolution (cross-correlation, as everywhere in deep learning).
 *
 * @param x [N, C, D, H, W]
 * @param weight [K, C / groups, T, R, S]
 * @param bias [K]
 * @returns [N, K, O, P, Q] with O = ⌊(D + 2·padding − dilation·(T − 1) − 1) / stride⌋ + 1, P and Q likewise
 * @throws {ShapeError} when the shapes do not fit; {@link DTypeError}, {@link DeviceError} when dtypes or devices differ
 */
export const conv3d = (x: Tensor, weight: Tensor, bias?: Tensor, options: Conv3dOptions = {}): Tensor =>
  conv('conv3d', 3, x, weight, bias, options)

function conv(
  op: string,
  rank: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  options: ConvOptions<Sizes>,
): Tensor {
  if (isAutocastEnabled()) [x, weight, bias] = lowered(x, weight, bias)
  checkFloats(op, { x, weight, bias })
  const g = recall(op, x, weight, options) ?? remember(x, weight, options, geometry(op, rank, x, weight, options))
  if (bias) checkShapeIs(op, 'bias', bias, [g.y[1]!])
  const images = toImage(x)
  const filters = toImage(weight)
  const y = forward(g, images, filters, bias)
  record(op, y, [images, filters, bias], [images, filters], (dy, needs, [images, filters]) => [
    needs[0] && backwardInput(g, dy, filters),
    needs[1] && backwardWeight(g, images, dy),
    needs[2] && backwardBias(dy),
  ])
  const result = fromImage(y, rank)
  tracer?.op(op, result, [x, weight, bias], g)
  return result
}

function geometry(op: string, rank: number, x: Tensor, weight: Tensor, options: ConvOptions<Sizes>): Convolution {
  const { stride = 1, padding = 0, dilation = 1 } = options
  const groups = checkWhole(op, 'groups', options.groups ?? 1, 1)
  checkShapeIs(op, 'x', x, batchOf(rank))
  const [n, c, ...sides] = x.shape as [number, number, ...number[]]
  if (c % groups !== 0) throw new ShapeError(`${op}: expected channels divisible by ${groups} groups, got ${c}`)
  checkShapeIs(op, 'weight', weight, ['K', c / groups, ...WINDOW[rank - 1]!])
  const [k, , ...kernel] = weight.shape as [number, number, ...number[]]
  if (k % groups !== 0) throw new ShapeError(`${op}: expected filters divisible by ${groups} groups, got ${k}`)
  return convolution(op, [n, c, k, groups], slide(op, sides, kernel, { stride, padding, dilation }))
}
