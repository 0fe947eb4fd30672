import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { ShapeError } from '../errors.js'
import { toChannelsLast } from '../layout.js'
import { kernels, pack } from '../native.js'
import type { Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { checkFloats, checkShapeIs, type Pair } from './check.js'
import { slide, windowWords, type Padding, type Sliding } from './window.js'

export interface PoolOptions {
  /** Step of the window. Default: the kernel size. */
  stride?: Pair
  /** Cells around the image: left out by max pooling, zeros to average pooling. Default 0. */
  padding?: Padding<Pair>
  /** Round output sizes up, so that a last, partial window counts. Default false. */
  ceilMode?: boolean
}

export interface MaxPool2dOptions extends PoolOptions {
  /** Distance between the window's cells. Default 1. */
  dilation?: Pair
}

export interface AvgPool2dOptions extends PoolOptions {
  /** Whether padded cells count in the divisor. Default true. */
  countIncludePad?: boolean
}

interface Geometry {
  readonly packed: readonly number[]
  readonly xShape: Shape
  readonly yShape: Shape
}

function poolGeometry(
  op: string,
  x: Tensor,
  kernelSize: Pair,
  options: PoolOptions,
  dilation: Pair,
  includePad: boolean,
): Geometry {
  const { stride = kernelSize, padding = 0, ceilMode = false } = options
  checkShapeIs(op, 'x', x, ['N', 'C', 'H', 'W'])
  const [n, c, height, width] = x.shape as [number, number, number, number]
  const window = slide(op, [height, width], kernelSize, { stride, padding, dilation, ceilMode })
  for (const each of window) checkPadding(op, each, padding)
  const [h, w] = window
  return {
    packed: [...windowWords(n, c, window), includePad ? 1 : 0, h.after, w.after],
    xShape: x.shape,
    yShape: [n, c, h.output, w.output],
  }
}

// More padding than half a window would leave windows without a single cell of the image.
function checkPadding(op: string, { before, kernel }: Sliding, padding: Padding<Pair>): void {
  if (typeof padding !== 'string' && before > kernel / 2)
    throw new ShapeError(`${op}: expected padding of at most half the kernel size ${kernel}, got ${before}`)
}

/**
 * The largest value under each window. The first one in row-major order wins ties, and alone receives the gradient.
 *
 * @param x [N, C, H, W]
 * @returns [N, C, P, Q] with P = ⌊(H + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1
 * @throws {ShapeError} when the window does not fit
 */
export function maxPool2d(x: Tensor, kernelSize: Pair, options: MaxPool2dOptions = {}): Tensor {
  const [y, indices] = pool(x, kernelSize, options)
  indices.dispose()
  return y
}

/**
 * As `maxPool2d`, with where the values came from.
 *
 * @returns the values and their indices in the H×W plane, int32 [N, C, P, Q]
 */
export function maxPool2dWithIndices(
  x: Tensor,
  kernelSize: Pair,
  options: MaxPool2dOptions = {},
): { values: Tensor; indices: Tensor } {
  const [values, indices] = pool(x, kernelSize, options)
  return { values, indices }
}

function pool(x: Tensor, kernelSize: Pair, options: MaxPool2dOptions): [Tensor, Tensor] {
  checkFloats('maxPool2d', { x })
  const g = poolGeometry('maxPool2d', x, kernelSize, options, options.dilation ?? 1, false)
  const image = toChannelsLast(x)
  const y = allocLike('maxPool2d', image, g.yShape)
  const indices = allocLike('maxPool2d', image, g.yShape, { dtype: 'int32' })
  kernels.max_pool2d(pack(g.packed), image.handle, y.handle, indices.handle)
  record('maxPool2d', y, [image], [indices], (dy, _, [indices]) => {
    const dx = allocLike('maxPool2d', dy, g.xShape)
    kernels.max_pool2d_backward(pack(g.packed), indices.handle, dy.handle, dx.handle)
    return [dx]
  })
  return [y, indices]
}

/**
 * The mean under each window.
 *
 * @param x [N, C, H, W]
 * @returns [N, C, P, Q]
 * @throws {ShapeError} when the window does not fit
 */
export function avgPool2d(x: Tensor, kernelSize: Pair, options: AvgPool2dOptions = {}): Tensor {
  checkFloats('avgPool2d', { x })
  const g = poolGeometry('avgPool2d', x, kernelSize, options, 1, options.countIncludePad ?? true)
  const image = toChannelsLast(x)
  const y = allocLike('avgPool2d', image, g.yShape)
  kernels.avg_pool2d(pack(g.packed), image.handle, y.handle)
  return record('avgPool2d', y, [image], [], (dy) => {
    const dx = allocLike('avgPool2d', dy, g.xShape)
    kernels.avg_pool2d_backward(pack(g.packed), dy.handle, dx.handle)
    return [dx]
  })
}
