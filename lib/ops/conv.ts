import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { ShapeError } from '../errors.js'
import { toChannelsLast, toRowMajor } from '../layout.js'
import { kernels, pack } from '../native.js'
import { checkShape, showShape, type Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { checkFloats, checkShapeIs, checkWhole, type Pair } from './check.js'
import { lowered } from './precision.js'
import { sum } from './reduce.js'
import { slide, windowWords, type Padding, type Sliding } from './window.js'

export interface Conv2dOptions {
  /** Step of the window. Default 1. */
  stride?: Pair
  /** Zeros around the image. Default 0. */
  padding?: Padding<Pair>
  /** Distance between the window's taps. Default 1. */
  dilation?: Pair
  /** Channels and filters split into this many independent groups. Default 1. */
  groups?: number
}

interface Geometry {
  readonly packed: readonly number[]
  readonly xShape: Shape
  readonly weightShape: Shape
  readonly yShape: Shape
}

/**
 * 2-D convolution (cross-correlation, as everywhere in deep learning), by im2col and a matrix product (Chellapilla, Puri,
 * Simard: "High performance convolutional neural networks for document processing", 2006).
 *
 * @param x [N, C, H, W]
 * @param weight [K, C / groups, R, S]
 * @param bias [K]
 * @returns [N, K, P, Q] with P = ⌊(H + 2·padding − dilation·(R − 1) − 1) / stride⌋ + 1, Q likewise
 * @throws {ShapeError} when the shapes do not fit; {@link DTypeError}, {@link DeviceError} when dtypes or devices differ
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  ;[x, weight, bias] = lowered(x, weight, bias)
  checkFloats('conv2d', { x, weight, bias })
  const g = conv2dGeometry(x, weight, bias, options)
  const image = toChannelsLast(x)
  const filters = toChannelsLast(weight)
  const y = allocLike('conv2d', image, g.yShape)
  kernels.conv2d(pack(g.packed), image.handle, filters.handle, bias ? bias.handle : 0, y.handle)
  return record('conv2d', y, [image, filters, bias], [image, filters], (dy, needs, [x, weight]) => [
    needs[0] && conv2dBackwardInput(g, dy, weight),
    needs[1] && conv2dBackwardWeight(g, x, dy),
    needs[2] && sum(dy, [0, 2, 3]),
  ])
}

function conv2dBackwardInput(g: Geometry, dy: Tensor, weight: Tensor): Tensor {
  const dx = allocLike('conv2d', dy, g.xShape)
  kernels.conv2d_backward_input(pack(g.packed), dy.handle, weight.handle, dx.handle)
  return dx
}

function conv2dBackwardWeight(g: Geometry, x: Tensor, dy: Tensor): Tensor {
  const dweight = allocLike('conv2d', x, g.weightShape)
  kernels.conv2d_backward_weight(pack(g.packed), x.handle, dy.handle, dweight.handle)
  return dweight
}

function conv2dGeometry(x: Tensor, weight: Tensor, bias: Tensor | undefined, options: Conv2dOptions): Geometry {
  const { stride = 1, padding = 0, dilation = 1 } = options
  const groups = checkWhole('conv2d', 'groups', options.groups ?? 1, 1)
  checkShapeIs('conv2d', 'x', x, ['N', 'C', 'H', 'W'])
  const [n, c, height, width] = x.shape as [number, number, number, number]
  if (c % groups !== 0) throw new ShapeError(`conv2d: expected channels divisible by ${groups} groups, got ${c}`)
  checkShapeIs('conv2d', 'weight', weight, ['K', c / groups, 'R', 'S'])
  const [k, , r, s] = weight.shape as [number, number, number, number]
  if (k % groups !== 0) throw new ShapeError(`conv2d: expected filters divisible by ${groups} groups, got ${k}`)
  if (bias) checkShapeIs('conv2d', 'bias', bias, [k])
  const window = slide('conv2d', [height, width], [r, s], { stride, padding, dilation })
  return {
    packed: [...windowWords(n, c, window), k, groups],
    xShape: x.shape,
    weightShape: weight.shape,
    yShape: [n, k, window[0].output, window[1].output],
  }
}

export type Im2colOptions = Omit<Conv2dOptions, 'groups'>

/** The geometry of im2col: a convolution without filters. */
function columnsGeometry(op: string, shape: Shape, kernelSize: Pair, options: Im2colOptions) {
  const { stride = 1, padding = 0, dilation = 1 } = options
  const [n, c, height, width] = shape as [number, number, number, number]
  const window = slide(op, [height, width], kernelSize, { stride, padding, dilation })
  const rows = ([h, w]: readonly [Sliding, Sliding]) => n * h.output * w.output
  return {
    packed: [...windowWords(n, c, window), 0, 1],
    columnsShape: [rows(window), c * window[0].kernel * window[1].kernel],
  }
}

/**
 * The patches of images as the rows of a matrix.
 *
 * @param x [N, C, H, W]
 * @returns [N·P·Q, C·R·S]: rows run over images and output positions, columns over channels and window cells
 */
export function im2col(x: Tensor, kernelSize: Pair, options: Im2colOptions = {}): Tensor {
  checkFloats('im2col', { x })
  checkShapeIs('im2col', 'x', x, ['N', 'C', 'H', 'W'])
  const g = columnsGeometry('im2col', x.shape, kernelSize, options)
  const image = toChannelsLast(x)
  const columns = allocLike('im2col', image, g.columnsShape)
  kernels.im2col(pack(g.packed), image.handle, columns.handle)
  const { shape } = x
  const same = { ...options }
  return record('im2col', columns, [image], [], (dy) => [col2im(dy, shape, kernelSize, same)])
}

/**
 * The adjoint of `im2col`: every column entry is added to the image cell that it came from.
 *
 * @param columns [N·P·Q, C·R·S]
 * @param shape of the images, [N, C, H, W]
 */
export function col2im(columns: Tensor, shape: Shape, kernelSize: Pair, options: Im2colOptions = {}): Tensor {
  checkFloats('col2im', { columns })
  if (checkShape('col2im', shape).length !== 4)
    throw new ShapeError(`col2im: expected an image shape [N, C, H, W], got ${showShape(shape)}`)
  const g = columnsGeometry('col2im', shape, kernelSize, options)
  checkShapeIs('col2im', 'columns', columns, g.columnsShape)
  const source = toRowMajor(columns)
  const x = allocLike('col2im', source, [...shape], { layout: 'channelsLast' })
  kernels.col2im(pack(g.packed), source.handle, x.handle)
  const same = { ...options }
  return record('col2im', x, [source], [], (dy) => [im2col(dy, kernelSize, same)])
}
