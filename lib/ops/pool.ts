import { ShapeError } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { checkFloats, checkShapeIs, checkWhole, type Pair, type Single, type Sizes, type Triple } from './check.js'
import { type MaxPoolResult, maxUnder, meanUnder, type Pooling, poolWords, valuesOf } from './pooling.js'
import { batchOf } from './signal.js'
import { slide, type Padding, type Sliding } from './window.js'

/** How windows lie on a signal, an image or a volume. */
export interface PoolOptions<S extends Sizes> {
  /** Step of the window. Default: the kernel size. */
  stride?: S
  /** Cells around the image: left out by max pooling, zeros to average pooling. Default 0. */
  padding?: Padding<S>
  /** Round output sizes up, so that a last, partial window counts. Default false. */
  ceilMode?: boolean
}

/** What max pooling is told of its windows. */
export interface MaxPoolOptions<S extends Sizes> extends PoolOptions<S> {
  /** Distance between the window's cells. Default 1. */
  dilation?: S
}

/** What follows max pooling. */
export interface ReluOption {
  /** Whether the positive part follows, in the same pass over memory. Default false. */
  relu?: boolean
}

/** What average pooling is told of its windows. */
export interface AvgPoolOptions<S extends Sizes> extends PoolOptions<S> {
  /** Whether padded cells count in the divisor. Default true. */
  countIncludePad?: boolean
}

/** What average pooling of images and volumes divides by. */
export interface DivisorOption {
  /** What sums are divided by instead of the number of cells. */
  divisorOverride?: number
}

export type { MaxPoolResult } from './pooling.js'

/** Options of {@link maxPool1d}. */
export type MaxPool1dOptions = MaxPoolOptions<Single> & ReluOption
/** Options of {@link maxPool2d}. */
export type MaxPool2dOptions = MaxPoolOptions<Pair> & ReluOption
/** Options of {@link maxPool3d}. */
export type MaxPool3dOptions = MaxPoolOptions<Triple> & ReluOption
/** Options of {@link avgPool1d}. */
export type AvgPool1dOptions = AvgPoolOptions<Single>
/** Options of {@link avgPool2d}. */
export type AvgPool2dOptions = AvgPoolOptions<Pair> & DivisorOption
/** Options of {@link avgPool3d}. */
export type AvgPool3dOptions = AvgPoolOptions<Triple> & DivisorOption

function slidingWindows<S extends Sizes>(
  op: string,
  rank: number,
  x: Tensor,
  kernelSize: S,
  options: MaxPoolOptions<S> & AvgPoolOptions<S> & DivisorOption,
): Pooling {
  const { stride = kernelSize, padding = 0, dilation = 1, ceilMode = false, divisorOverride } = options
  checkFloats(op, { x })
  checkShapeIs(op, 'x', x, batchOf(rank))
  const window = slide(op, x.shape.slice(2), kernelSize, { stride, padding, dilation, ceilMode })
  for (const each of window) checkPadding(op, each, padding)
  const divisor = divisorOverride === undefined ? 0 : checkWhole(op, 'divisorOverride', divisorOverride, 1)
  const axes = window.map((a) => [a.size, a.output, a.kernel, a.stride, a.before, a.after, a.dilation])
  return {
    words: poolWords(x.shape, axes, { adaptive: false, includePad: options.countIncludePad ?? false, divisor }),
    outputs: window.map(({ output }) => output),
  }
}

// More padding than half a window would leave windows without a single cell of the image.
function checkPadding(op: string, { before, kernel }: Sliding, padding: Padding<Sizes>): void {
  if (typeof padding !== 'string' && before > kernel / 2)
    throw new ShapeError(`${op}: expected padding of at most half the kernel size ${kernel}, got ${before}`)
}

/**
 * As {@link maxPool2d}, of signals.
 *
 * @param x [N, C, L]
 * @returns [N, C, Q] with Q = ⌊(L + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1
 * @throws {ShapeError} when the window does not fit
 */
export const maxPool1d = (x: Tensor, kernelSize: Single, options: MaxPool1dOptions = {}): Tensor =>
  valuesOf(maxUnder('maxPool1d', x, slidingWindows('maxPool1d', 1, x, kernelSize, options), options.relu))

/**
 * The largest value under each window. The first one in row-major order wins ties, and alone receives the gradient.
 *
 * @param x [N, C, H, W]
 * @returns [N, C, P, Q] with P = ⌊(H + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1
 * @throws {ShapeError} when the window does not fit
 */
export const maxPool2d = (x: Tensor, kernelSize: Pair, options: MaxPool2dOptions = {}): Tensor =>
  valuesOf(maxUnder('maxPool2d', x, slidingWindows('maxPool2d', 2, x, kernelSize, options), options.relu))

/**
 * As {@link maxPool2d}, of volumes.
 *
 * @param x [N, C, D, H, W]
 * @returns [N, C, O, P, Q]
 * @throws {ShapeError} when the window does not fit
 */
export const maxPool3d = (x: Tensor, kernelSize: Triple, options: MaxPool3dOptions = {}): Tensor =>
  valuesOf(maxUnder('maxPool3d', x, slidingWindows('maxPool3d', 3, x, kernelSize, options), options.relu))

/**
 * As {@link maxPool1d}, with where the values came from.
 *
 * @returns the values and their positions in the signal, int32 [N, C, Q]
 */
export const maxPool1dWithIndices = (
  x: Tensor,
  kernelSize: Single,
  options: MaxPoolOptions<Single> = {},
): MaxPoolResult => maxUnder('maxPool1d', x, slidingWindows('maxPool1d', 1, x, kernelSize, options))

/**
 * As {@link maxPool2d}, with where the values came from.
 *
 * @returns the values and their indices in the H×W plane, int32 [N, C, P, Q]
 */
export const maxPool2dWithIndices = (x: Tensor, kernelSize: Pair, options: MaxPoolOptions<Pair> = {}): MaxPoolResult =>
  maxUnder('maxPool2d', x, slidingWindows('maxPool2d', 2, x, kernelSize, options))

/**
 * As {@link maxPool3d}, with where the values came from.
 *
 * @returns the values and their indices in the D×H×W volume, int32 [N, C, O, P, Q]
 */
export const maxPool3dWithIndices = (
  x: Tensor,
  kernelSize: Triple,
  options: MaxPoolOptions<Triple> = {},
): MaxPoolResult => maxUnder('maxPool3d', x, slidingWindows('maxPool3d', 3, x, kernelSize, options))

/**
 * The mean under each window.
 *
 * @param x [N, C, L]
 * @returns [N, C, Q]
 * @throws {ShapeError} when the window does not fit
 */
export const avgPool1d = (x: Tensor, kernelSize: Single, options: AvgPool1dOptions = {}): Tensor =>
  average('avgPool1d', 1, x, kernelSize, options)

/**
 * The mean under each window.
 *
 * @param x [N, C, H, W]
 * @returns [N, C, P, Q]
 * @throws {ShapeError} when the window does not fit
 */
export const avgPool2d = (x: Tensor, kernelSize: Pair, options: AvgPool2dOptions = {}): Tensor =>
  average('avgPool2d', 2, x, kernelSize, options)

/**
 * The mean under each window.
 *
 * @param x [N, C, D, H, W]
 * @returns [N, C, O, P, Q]
 * @throws {ShapeError} when the window does not fit
 */
export const avgPool3d = (x: Tensor, kernelSize: Triple, options: AvgPool3dOptions = {}): Tensor =>
  average('avgPool3d', 3, x, kernelSize, options)

function average<S extends Sizes>(
  op: string,
  rank: number,
  x: Tensor,
  kernelSize: S,
  options: AvgPoolOptions<S> & DivisorOption,
): Tensor {
  // Named one by one: average pooling knows no dilation, and would not know how to count it.
  const { stride, padding, ceilMode, countIncludePad = true, divisorOverride } = options
  const given = { stride, padding, ceilMode, countIncludePad, divisorOverride } as AvgPoolOptions<S>
  return meanUnder(op, x, slidingWindows(op, rank, x, kernelSize, given))
}
