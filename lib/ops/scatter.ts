import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import type { DType } from '../dtype.js'
import { ShapeError } from '../errors.js'
import { readStrided, toLayout, writeStrided } from '../layout.js'
import { kernels } from '../native.js'
import { around, checkDim, sameShape, showShape, stridesOf, type Shape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkDType, checkFloats, checkHolds, checkSameDevice, checkTensor } from './check.js'
import { eq } from './compare.js'
import { checkIndex, indexOn, scatterInto, zerosLike } from './select.js'
import { slice } from './slice.js'

/** @throws {ShapeError} unless index has x's rank, and along dimensions other than `except` is no longer than x */
function checkFits(op: string, index: Tensor, name: string, x: Tensor, except?: number): void {
  if (index.rank !== x.rank || index.shape.some((n, d) => d !== except && n > x.shape[d]!))
    throw new ShapeError(
      `${op}: expected index within ${showShape(x.shape.map((n, d) => (d === except ? '*' : n) as number))} as ${name}, got ${showShape(index.shape)}`,
    )
}

/** The first elements of x along each dimension but `except`, as many as a shape has. */
function corner(x: Tensor, shape: Shape, except?: number): Tensor {
  let y = x
  for (let d = 0; d < x.rank; d++) if (d !== except && shape[d] !== x.shape[d]) y = slice(y, d, 0, shape[d])
  return y
}

/** The same of all dimensions, in one copy; off the tape. */
function cornerOf(op: string, x: Tensor, shape: Shape): Tensor {
  const y = allocLike(op, x, shape)
  readStrided(x, stridesOf(x.shape, x.layout), 0, y)
  return y
}

/** x with its first elements along each dimension replaced by a part. */
function withCorner(op: string, x: Tensor, part: Tensor): Tensor {
  const y = allocLike(op, x)
  kernels.cast(x.size, x.handle, y.handle)
  const { shape } = part
  writeStrided(toLayout(part, y.layout), y, stridesOf(y.shape, y.layout), 0)
  return record(op, y, [x, part], [], (dy, needs) => {
    return [needs[0] && withCorner(op, dy, zerosLike(op, dy, shape)), needs[1] && cornerOf(op, dy, shape)]
  })
}

/**
 * Along a dimension, for each index the element of x there: y[i][j] = x[i][index[i][j]] for dim 1.
 * @param index int32 of x's rank; along other dimensions than `dim` it may be shorter than x
 * @returns of index's shape
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when the operands do not fit
 * @throws {ExecutionError} on reading, when an index is out of range
 */
export function gather<D extends DType>(x: Tensor<D>, dim: number, index: Tensor<'int32'>): Tensor<D> {
  checkTensor('gather', 'x', x)
  const axis = checkDim('gather', dim, x.rank)
  checkIndex('gather', index, 'x', x)
  checkFits('gather', index, 'x', x, axis)
  const source = corner(x, index.shape, axis)
  const y = gatherAlong(source, axis, toLayout(index, source.layout))
  tracer?.op('gather', y, [x, index], { axis })
  return y
}

function gatherAlong(x: Tensor, dim: number, index: Tensor): Tensor {
  const [outer, n, inner] = around(x, dim)
  const m = index.shape[dim]!
  const y = allocLike('gather', x, index.shape)
  kernels.gather(outer, n, m, inner, x.handle, index.handle, y.handle)
  const { shape } = x
  return record('gather', y, [x], [index], (dy, _, [index]) => {
    const dx = zerosLike('gather', dy, shape)
    kernels.scatter_add(outer, n, m, inner, index.handle, dy.handle, dx.handle)
    return [dx]
  })
}

/** scatter and scatterAdd: where index is shorter than x, the rest of x stays. */
function scatterOf(
  op: string,
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor | number,
  whole: (x: Tensor, dim: number, index: Tensor, src: Tensor) => Tensor,
): Tensor {
  checkTensor(op, 'x', x)
  const axis = checkDim(op, dim, x.rank)
  checkIndex(op, index, 'x', x)
  checkFits(op, index, 'x', x, axis)
  let source: Tensor
  if (typeof src === 'number') {
    checkHolds(op, 'src', src, x.dtype)
    source = allocLike(op, x, index.shape)
    kernels.fill(source.size, src, source.handle)
  } else {
    checkTensor(op, 'src', src)
    checkDType(op, 'src', src, x.dtype)
    checkSameDevice(op, 'x', x, 'src', src)
    checkFits(op, index, 'src', src)
    source = toLayout(corner(src, index.shape), x.layout)
  }
  const target = corner(x, index.shape, axis)
  const y = whole(target, axis, toLayout(index, x.layout), source)
  return sameShape(y.shape, x.shape) ? y : withCorner(op, x, y)
}

/**
 * A copy of x with src's elements put where the indices say along a dimension: y[i][index[i][j]] = src[i][j] for dim 1.
 * Of several elements for one place the last stays, and alone receives the gradient.
 *
 * @param index int32 of x's rank; it may be shorter than src and, along other dimensions than `dim`, than x
 * @param src of x's dtype, or a number that it holds
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when the operands do not fit
 * @throws {RangeError} for a number that x's dtype does not hold
 * @throws {ExecutionError} on reading, when an index is out of range
 */
export function scatter<D extends DType>(
  x: Tensor<D>,
  dim: number,
  index: Tensor<'int32'>,
  src: Tensor | number,
): Tensor<D> {
  return scatterOf('scatter', x, dim, index, src, (x, dim, index, src) => {
    return record('scatter', overwritten(x, dim, index, src), [x, src], [index], (dy, needs, [index]) => {
      const none = zerosLike('scatter', dy, index.shape)
      return [
        needs[0] && overwritten(dy, dim, index, none),
        needs[1] && lastOnly(gatherAlong(dy, dim, index), none, dy, dim, index),
      ]
    })
  })
}

/** A copy of x with src put where the indices say; off the tape. */
function overwritten(x: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  const y = allocLike('scatter', x)
  kernels.cast(x.size, x.handle, y.handle)
  scatterInto(y, dim, index, src, false)
  return y
}

/** x where its index is the last of its line to name that place, else `none`. */
function lastOnly(x: Tensor, none: Tensor, target: Tensor, dim: number, index: Tensor): Tensor {
  // Each element leaves its number, and looks whose is there in the end.
  const m = index.shape[dim]!
  const numbers = allocLike('scatter', index)
  const along = index.shape.map((_, d) => Number(d === dim))
  readStrided(
    indexOn(
      'scatter',
      x,
      Int32Array.from({ length: m }, (_, i) => i),
    ),
    along,
    0,
    numbers,
  )
  const left = allocLike('scatter', target, target.shape, { dtype: 'int32' })
  kernels.fill(left.size, 0, left.handle)
  scatterInto(left, dim, index, numbers, false)
  const isLast = eq(gatherAlong(left, dim, index), numbers)
  const y = allocLike('scatter', x)
  kernels.where(y.size, isLast.handle, x.handle, none.handle, y.handle)
  return y
}

/**
 * A copy of x with src's elements added where the indices say along a dimension: y[i][index[i][j]] += src[i][j] for
 * dim 1.
 *
 * @param index int32 of x's rank; it may be shorter than src and, along other dimensions than `dim`, than x
 * @param src of x's dtype
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when the operands do not fit
 * @throws {ExecutionError} on reading, when an index is out of range
 */
export function scatterAdd<D extends DType>(x: Tensor<D>, dim: number, index: Tensor<'int32'>, src: Tensor): Tensor<D> {
  checkFloats('scatterAdd', { x, src })
  return scatterOf('scatterAdd', x, dim, index, src, (x, dim, index, src) => {
    const y = allocLike('scatterAdd', x)
    kernels.cast(x.size, x.handle, y.handle)
    const [outer, n, inner] = around(x, dim)
    kernels.scatter_add(outer, n, index.shape[dim]!, inner, index.handle, src.handle, y.handle)
    return record('scatterAdd', y, [x, src], [index], (dy, needs, [index]) => [
      needs[0] && dy,
      needs[1] && gatherAlong(dy, dim, index),
    ])
  })
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link gather}. */
    gather(dim: number, index: Tensor<'int32'>): Tensor<D>
    /** See {@link scatter}. */
    scatter(dim: number, index: Tensor<'int32'>, src: Tensor | number): Tensor<D>
    /** See {@link scatterAdd}. */
    scatterAdd(dim: number, index: Tensor<'int32'>, src: Tensor): Tensor<D>
  }
}
Tensor.prototype.gather = function (dim, index) {
  return gather(this, dim, index)
}
Tensor.prototype.scatter = function (dim, index, src) {
  return scatter(this, dim, index, src)
}
Tensor.prototype.scatterAdd = function (dim, index, src) {
  return scatterAdd(this, dim, index, src)
}
