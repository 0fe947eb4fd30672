import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { ShapeError } from '../errors.js'
import { toChannelsLast, toRowMajor } from '../layout.js'
import { kernels, pack } from '../native.js'
import { checkShape, showShape, type Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { checkFloats, checkShapeIs, type Pair } from './check.js'
import { slide, windowWords, type Padding, type Sliding } from './window.js'

/** Options of {@link im2col} and {@link col2im}. */
export interface Im2colOptions {
  /** Step of the window. Default 1. */
  stride?: Pair
  /** Zeros around the image. Default 0. */
  padding?: Padding<Pair>
  /** Distance between the window's taps. Default 1. */
  dilation?: Pair
}

function columnsGeometry(op: string, shape: Shape, kernelSize: Pair, options: Im2colOptions) {
  const { stride = 1, padding = 0, dilation = 1 } = options
  const [n, c, height, width] = shape as [number, number, number, number]
  const window = slide(op, [height, width], kernelSize, { stride, padding, dilation })
  const rows = ([h, w]: readonly [Sliding, Sliding]) => n * h.output * w.output
  return {
    packed: windowWords(n, c, window),
    columnsShape: [rows(window), c * window[0].kernel * window[1].kernel],
  }
}

/**
 * The patches of images as the rows of a matrix.
 *
 * @param x [N, C, H, W]
 * @returns [N·P·Q, C·R·S], whose rows run over images and output positions, columns over channels and window cells
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
