import { ShapeError } from '../errors.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { checkFloats, checkShapeIs, checkOutputSizes } from './check.js'
import { type MaxPoolResult, maxUnder, meanUnder, type Pooling, poolWords, valuesOf } from './pooling.js'
import { mean } from './reduce.js'
import { batchOf } from './signal.js'

/** An output size; `null` or `undefined` keeps the input's. */
export type OutputSize = number | null | undefined
/** An output size of a signal. */
export type OutputSingle = OutputSize | readonly [length: OutputSize]
/** An output size for both sides of an image, or one for each. */
export type OutputPair = OutputSize | readonly [height: OutputSize, width: OutputSize]
/** An output size for all sides of a volume, or one for each. */
export type OutputTriple = OutputSize | readonly [depth: OutputSize, height: OutputSize, width: OutputSize]

type OutputSizes = OutputSize | readonly OutputSize[]

function outputSizes(op: string, x: Tensor, outputSize: OutputSizes, rank: number): number[] {
  checkFloats(op, { x })
  checkShapeIs(op, 'x', x, batchOf(rank))
  if (x.shape.slice(1).includes(0))
    throw new ShapeError(`${op}: expected images that are not empty, got ${showShape(x.shape)}`)
  return checkOutputSizes(op, outputSize, rank).map((size, i) => size ?? x.shape[i + 2]!)
}

/** Window i reaches from ⌊i · size / output⌋ to ⌈(i + 1) · size / output⌉. */
function adaptiveWindows(x: Tensor, outputs: readonly number[]): Pooling {
  const axes = outputs.map((output, i) => {
    const size = x.shape[i + 2]!
    return [size, output, Math.min(size, Math.ceil(size / output) + 1), 1, 0, 0, 1]
  })
  return { words: poolWords(x.shape, axes, { adaptive: true, includePad: false, divisor: 0 }), outputs }
}

function adaptiveMax(op: string, rank: number, x: Tensor, outputSize: OutputSizes): MaxPoolResult {
  return maxUnder(op, x, adaptiveWindows(x, outputSizes(op, x, outputSize, rank)))
}

function adaptiveAverage(op: string, rank: number, x: Tensor, outputSize: OutputSizes): Tensor {
  const outputs = outputSizes(op, x, outputSize, rank)
  // One window over all: a reduction, which splits large images.
  if (outputs.every((each) => each === 1))
    return mean(
      x,
      outputs.map((_, i) => i + 2),
      { keepDim: true },
    )
  return meanUnder(op, x, adaptiveWindows(x, outputs))
}

/**
 * As {@link adaptiveAvgPool2d}, of signals.
 *
 * @param x [N, C, L]
 * @returns [N, C, outputSize]
 */
export const adaptiveAvgPool1d = (x: Tensor, outputSize: OutputSingle): Tensor =>
  adaptiveAverage('adaptiveAvgPool1d', 1, x, outputSize)

/**
 * Means under as many windows as are asked for: window i covers the cells ⌊i·H/P⌋ to ⌈(i + 1)·H/P⌉, without the last.
 * An output size of 1 is global average pooling.
 *
 * @param x [N, C, H, W]
 * @param outputSize P, or [P, Q]
 * @returns [N, C, P, Q]
 * @throws {ShapeError} when images are empty
 */
export const adaptiveAvgPool2d = (x: Tensor, outputSize: OutputPair): Tensor =>
  adaptiveAverage('adaptiveAvgPool2d', 2, x, outputSize)

/**
 * As {@link adaptiveAvgPool2d}, of volumes.
 *
 * @param x [N, C, D, H, W]
 * @returns [N, C, O, P, Q]
 */
export const adaptiveAvgPool3d = (x: Tensor, outputSize: OutputTriple): Tensor =>
  adaptiveAverage('adaptiveAvgPool3d', 3, x, outputSize)

/**
 * As {@link adaptiveMaxPool2d}, of signals.
 *
 * @param x [N, C, L]
 * @returns [N, C, outputSize]
 */
export const adaptiveMaxPool1d = (x: Tensor, outputSize: OutputSingle): Tensor =>
  valuesOf(adaptiveMax('adaptiveMaxPool1d', 1, x, outputSize))

/**
 * Largest values under as many windows as are asked for, which lie as those of {@link adaptiveAvgPool2d}. The first one
 * wins ties.
 *
 * @param x [N, C, H, W]
 * @param outputSize P, or [P, Q]
 * @returns [N, C, P, Q]
 * @throws {ShapeError} when images are empty
 */
export const adaptiveMaxPool2d = (x: Tensor, outputSize: OutputPair): Tensor =>
  valuesOf(adaptiveMax('adaptiveMaxPool2d', 2, x, outputSize))

/**
 * As {@link adaptiveMaxPool2d}, of volumes.
 *
 * @param x [N, C, D, H, W]
 * @returns [N, C, O, P, Q]
 */
export const adaptiveMaxPool3d = (x: Tensor, outputSize: OutputTriple): Tensor =>
  valuesOf(adaptiveMax('adaptiveMaxPool3d', 3, x, outputSize))

/** As {@link adaptiveMaxPool1d}, with the positions of the values in the signal, int32. */
export const adaptiveMaxPool1dWithIndices = (x: Tensor, outputSize: OutputSingle): MaxPoolResult =>
  adaptiveMax('adaptiveMaxPool1d', 1, x, outputSize)

/** As {@link adaptiveMaxPool2d}, with the indices of the values in the H×W plane, int32. */
export const adaptiveMaxPool2dWithIndices = (x: Tensor, outputSize: OutputPair): MaxPoolResult =>
  adaptiveMax('adaptiveMaxPool2d', 2, x, outputSize)

/** As {@link adaptiveMaxPool3d}, with the indices of the values in the D×H×W volume, int32. */
export const adaptiveMaxPool3dWithIndices = (x: Tensor, outputSize: OutputTriple): MaxPoolResult =>
  adaptiveMax('adaptiveMaxPool3d', 3, x, outputSize)
