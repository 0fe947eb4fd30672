import { allocLike, share } from './alloc.js'
import { record } from './autograd.js'
import { ShapeError } from './errors.js'
import { kernels, pack } from './native.js'
import { checkTensor } from './ops/check.js'
import {
  layoutsAgree,
  MAX_RANK,
  physicalOrder,
  showShape,
  sizeOf,
  stridesOf,
  type Layout,
  type Shape,
} from './shape.js'
import type { Tensor } from './tensor.js'
import { tracer } from './tracer.js'

let conversions = 0

/** How many tensors were copied from one layout to the other so far. A network should do so at its ends only. */
export const layoutConversions = (): number => conversions

/** x in a layout; x itself when it lies so already, without a copy when both layouts agree on its shape. */
export function toLayout(x: Tensor, layout: Layout): Tensor {
  if (x.layout === layout) return x
  const y = layoutsAgree(x.shape) ? share('toLayout', x, x.shape, layout) : convert(x, layout)
  tracer?.op('identity', y, [x])
  return record('toLayout', y, [x], [], (dy) => [dy])
}

/**
 * Images [N, C, H, W] or volumes [N, C, D, H, W] with the channels last in memory; x itself when they lie so.
 * @throws {ShapeError} for another rank
 */
export function toChannelsLast(x: Tensor): Tensor {
  checkTensor('toChannelsLast', 'x', x)
  if (x.rank !== 4 && x.rank !== 5)
    throw new ShapeError(`toChannelsLast: expected a tensor of rank 4 or 5, got one of shape ${showShape(x.shape)}`)
  return toLayout(x, 'channelsLast')
}

/** x with its elements in logical order in memory; x itself when they lie so. */
export function toRowMajor(x: Tensor): Tensor {
  checkTensor('toRowMajor', 'x', x)
  return toLayout(x, 'rowMajor')
}

function convert(x: Tensor, layout: Layout): Tensor {
  conversions++
  const y = allocLike('toLayout', x, x.shape, { layout })
  readStrided(x, stridesOf(x.shape, x.layout), 0, y)
  return y
}

const pad = (words: readonly number[]): number[] => {
  const padded = new Array<number>(MAX_RANK).fill(0)
  for (let i = 0; i < words.length; i++) padded[i] = words[i]!
  return padded
}

/** native/geometry.h's Strided: dims and strides in the dense side's memory order. */
const strided = (dense: Shape, denseLayout: Layout, strides: readonly number[], offset: number, total: number) => {
  const order = physicalOrder(dense.length, denseLayout)
  return pack([
    dense.length,
    ...pad(order.map((d) => dense[d]!)),
    ...pad(order.map((d) => strides[d]!)),
    sizeOf(dense) === 0 ? 0 : offset,
    total,
  ])
}

/** y ← the elements of x at offset + Σ index·strides, for each logical index of y. */
export function readStrided(x: Tensor, strides: readonly number[], offset: number, y: Tensor): void {
  kernels.strided_read(strided(y.shape, y.layout, strides, offset, x.size), x.handle, y.handle)
}

/** The elements of y at offset + Σ index·strides ← x, for each logical index of x. */
export function writeStrided(x: Tensor, y: Tensor, strides: readonly number[], offset: number): void {
  kernels.strided_write(strided(x.shape, x.layout, strides, offset, y.size), x.handle, y.handle)
}
