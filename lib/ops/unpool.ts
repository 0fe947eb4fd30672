import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { showShape, sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import {
  checkDType,
  checkFloats,
  checkSameDevice,
  checkShapeIs,
  checkSizes,
  checkTensor,
  type Pair,
  type Single,
  type Sizes,
  type Triple,
} from './check.js'
import { batchOf, fromImage, toImage } from './signal.js'

/** How the windows lay that were pooled with. */
export interface MaxUnpoolOptions<S extends Sizes> {
  /** Step of the window that pooled. Default: the kernel size. */
  stride?: S
  /** Padding of the pooling. Default 0. */
  padding?: S
  /** The size before pooling, by spatial dimension. Default: (size − 1)·stride − 2·padding + kernel. */
  outputSize?: readonly number[]
}

/** Options of {@link maxUnpool1d}. */
export type MaxUnpool1dOptions = MaxUnpoolOptions<Single>
/** Options of {@link maxUnpool2d}. */
export type MaxUnpool2dOptions = MaxUnpoolOptions<Pair>
/** Options of {@link maxUnpool3d}. */
export type MaxUnpool3dOptions = MaxUnpoolOptions<Triple>

function outputSizes<S extends Sizes>(
  op: string,
  sizes: readonly number[],
  kernelSize: S,
  options: MaxUnpoolOptions<S>,
): number[] {
  const rank = sizes.length
  const kernel = checkSizes(op, 'kernel size', kernelSize, rank, 1)
  const stride = checkSizes(op, 'stride', options.stride ?? kernelSize, rank, 1)
  const padding = checkSizes(op, 'padding', options.padding ?? 0, rank, 0)
  const usual = sizes.map((size, i) => (size - 1) * stride[i]! - 2 * padding[i]! + kernel[i]!)
  const { outputSize } = options
  const outputs = outputSize === undefined ? usual : checkSizes(op, 'outputSize', outputSize, rank, 0)
  outputs.forEach((output, i) => {
    const [low, high] = [Math.max(1, usual[i]! - stride[i]! + 1), usual[i]! + stride[i]! - 1]
    if (output < low || output > high)
      throw new ShapeError(
        `${op}: expected an output size from ${low} to ${high}, got ${output} in ${showShape(outputs)}`,
      )
  })
  return outputs
}

function unpool<S extends Sizes>(
  op: string,
  rank: number,
  x: Tensor,
  indices: Tensor,
  kernelSize: S,
  options: MaxUnpoolOptions<S>,
): Tensor {
  checkFloats(op, { x })
  checkShapeIs(op, 'x', x, batchOf(rank))
  checkTensor(op, 'indices', indices)
  checkShapeIs(op, 'indices', indices, x.shape)
  checkDType(op, 'indices', indices, 'int32')
  checkSameDevice(op, 'x', x, 'indices', indices)
  const [n, c, ...sizes] = x.shape as [number, number, ...number[]]
  const outputs = outputSizes(op, sizes, kernelSize, options)
  const [image, at] = [toImage(x), toImage(indices)]
  const y = allocLike(op, image, rank === 1 ? [n, c, 1, ...outputs] : [n, c, ...outputs])
  const [cells, places] = [sizeOf(sizes), sizeOf(outputs)]
  kernels.max_unpool(n, c, cells, places, at.handle, image.handle, y.handle)
  const { shape } = image
  record(op, y, [image], [at], (dy, _, [at]) => {
    const dx = allocLike(op, dy, shape)
    kernels.max_unpool_backward(n, c, cells, places, at.handle, dy.handle, dx.handle)
    return [dx]
  })
  return fromImage(y, rank)
}

/**
 * As {@link maxUnpool2d}, of signals.
 *
 * @param x [N, C, Q]
 * @param indices int32 [N, C, Q], of `maxPool1dWithIndices`
 * @returns [N, C, L]
 */
export const maxUnpool1d = (x: Tensor, indices: Tensor, kernelSize: Single, options: MaxUnpool1dOptions = {}): Tensor =>
  unpool('maxUnpool1d', 1, x, indices, kernelSize, options)

/**
 * The inverse of max pooling, in part: values go back to where they came from, among zeros. Where several go to one
 * place, the last in row-major order stays, and alone receives the gradient.
 *
 * @param x [N, C, P, Q]
 * @param indices int32 [N, C, P, Q] in the H×W plane, of `maxPool2dWithIndices`
 * @param kernelSize of the pooling, as are stride and padding
 * @returns [N, C, H, W]
 * @throws {ShapeError} when the shapes differ, or pooling cannot have had that output size
 * @throws {ExecutionError} on reading, when an index is not from 0 to H·W − 1
 */
export const maxUnpool2d = (x: Tensor, indices: Tensor, kernelSize: Pair, options: MaxUnpool2dOptions = {}): Tensor =>
  unpool('maxUnpool2d', 2, x, indices, kernelSize, options)

/**
 * As {@link maxUnpool2d}, of volumes.
 *
 * @param x [N, C, O, P, Q]
 * @param indices int32 [N, C, O, P, Q] in the D×H×W volume, of `maxPool3dWithIndices`
 * @returns [N, C, D, H, W]
 */
export const maxUnpool3d = (x: Tensor, indices: Tensor, kernelSize: Triple, options: MaxUnpool3dOptions = {}): Tensor =>
  unpool('maxUnpool3d', 3, x, indices, kernelSize, options)
