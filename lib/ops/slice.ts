import { allocLike, share } from '../alloc.js'
import { record } from '../autograd.js'
import type { DType } from '../dtype.js'
import { describe, ShapeError } from '../errors.js'
import { readStrided, writeStrided } from '../layout.js'
import { kernels } from '../native.js'
import { checkDim, sizeOf, stridesOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkTensor, checkWhole } from './check.js'
import { squeeze } from './shape.js'

/**
 * Elements `start` to `end` (exclusive) along a dimension, every `step`-th of them; negative bounds count from the back,
 * and bounds are clamped as by Array.prototype.slice. Shares memory along the first dimension, with step 1.
 * @throws {ShapeError} when x has no such dimension
 * @throws {RangeError} unless bounds and step are whole and the step is positive
 */
export function slice<D extends DType>(x: Tensor<D>, dim: number, start: number, end?: number, step = 1): Tensor<D> {
  checkTensor('slice', 'x', x)
  const axis = checkDim('slice', dim, x.rank)
  checkWhole('slice', 'step', step, 1)
  const size = x.shape[axis]!
  const bound = (value: number) => {
    if (!Number.isInteger(value)) throw new RangeError(`slice: expected whole bounds, got ${describe(value)}`)
    return Math.min(size, Math.max(0, value < 0 ? value + size : value))
  }
  const first = bound(start)
  const length = Math.ceil(Math.max(0, bound(end ?? size) - first) / step)
  const shape = x.shape.with(axis, length)
  const strides = stridesOf(x.shape, x.layout)
  const offset = first * strides[axis]!
  strides[axis] = length > 1 ? strides[axis]! * step : 0
  let y: Tensor
  if (axis === 0 && step === 1) y = share('slice', x, shape, x.layout, sizeOf(shape) === 0 ? 0 : offset)
  else {
    y = allocLike('slice', x, shape)
    readStrided(x, strides, offset, y)
  }
  const { shape: before } = x
  tracer?.op('slice', y, [x], { axis, start: first, end: bound(end ?? size), step })
  return record('slice', y, [x], [], (dy) => {
    const dx = allocLike('slice', dy, before)
    kernels.fill(dx.size, 0, dx.handle)
    writeStrided(dy, dx, strides, offset)
    return [dx]
  })
}

/**
 * x cut along a dimension into parts of a size, of which the last may be smaller, or of several sizes.
 * @throws {ShapeError} when x has no such dimension, or sizes do not add up to it
 * @throws {RangeError} unless the size is a whole number from 1 on (from 0, in a list)
 */
export function split<D extends DType>(x: Tensor<D>, sizes: number | readonly number[], dim = 0): Tensor<D>[] {
  checkTensor('split', 'x', x)
  return parts('split', x, sizes, checkDim('split', dim, x.rank))
}

function parts(op: string, x: Tensor, sizes: number | readonly number[], axis: number): Tensor[] {
  const total = x.shape[axis]!
  let list: readonly number[]
  if (Array.isArray(sizes)) {
    list = (sizes as readonly number[]).map((size, i) => checkWhole(op, `sizes[${i}]`, size, 0))
    if (list.reduce((sum, size) => sum + size, 0) !== total)
      throw new ShapeError(`${op}: expected sizes that add up to ${total}, got [${list.join(', ')}]`)
  } else {
    const size = checkWhole(op, 'the size', sizes, 1)
    // Of an empty dimension there is one part, as in PyTorch.
    list = Array.from({ length: Math.max(1, Math.ceil(total / size)) }, (_, i) => Math.min(size, total - i * size))
  }
  let start = 0
  return list.map((size) => slice(x, axis, start, (start += size)))
}

/**
 * x cut along a dimension into at most `chunks` parts of one size, of which the last may be smaller.
 * @throws {ShapeError} when x has no such dimension
 * @throws {RangeError} unless `chunks` is a whole number from 1 on
 */
export function chunk<D extends DType>(x: Tensor<D>, chunks: number, dim = 0): Tensor<D>[] {
  checkTensor('chunk', 'x', x)
  const axis = checkDim('chunk', dim, x.rank)
  const total = x.shape[axis]!
  checkWhole('chunk', 'chunks', chunks, 1)
  return parts('chunk', x, total === 0 ? new Array<number>(chunks).fill(0) : Math.ceil(total / chunks), axis)
}

/**
 * The entries of x along a dimension, which they no longer have.
 * @throws {ShapeError} when x has no such dimension
 */
export function unbind<D extends DType>(x: Tensor<D>, dim = 0): Tensor<D>[] {
  checkTensor('unbind', 'x', x)
  const axis = checkDim('unbind', dim, x.rank)
  return Array.from({ length: x.shape[axis]! }, (_, i) => squeeze(slice(x, axis, i, i + 1), axis))
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link slice}. */
    slice(dim: number, start: number, end?: number, step?: number): Tensor<D>
    /** See {@link split}. */
    split(sizes: number | readonly number[], dim?: number): Tensor<D>[]
    /** See {@link chunk}. */
    chunk(chunks: number, dim?: number): Tensor<D>[]
    /** See {@link unbind}. */
    unbind(dim?: number): Tensor<D>[]
  }
}
Tensor.prototype.slice = function (dim, start, end, step) {
  return slice(this, dim, start, end, step)
}
Tensor.prototype.split = function (sizes, dim) {
  return split(this, sizes, dim)
}
Tensor.prototype.chunk = function (chunks, dim) {
  return chunk(this, chunks, dim)
}
Tensor.prototype.unbind = function (dim) {
  return unbind(this, dim)
}
