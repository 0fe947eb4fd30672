import { allocLike, share } from '../alloc.js'
import { record } from '../autograd.js'
import type { DType } from '../dtype.js'
import { describe, ShapeError } from '../errors.js'
import { readStrided, toRowMajor } from '../layout.js'
import { checkDim, checkDims, checkShape, sameShape, showShape, sizeOf, stridesOf, type Shape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkTensor } from './check.js'

/** A shape with at most one −1, which takes what is left. */
function inferShape(op: string, size: number, shape: Shape): Shape {
  const known = shape.filter((d) => d !== -1)
  const rest = sizeOf(known)
  const whole = shape.every((d) => Number.isInteger(d) && d >= -1) && shape.length - known.length <= 1
  const inferred = shape.map((d) => (d === -1 ? size / rest : d))
  if (!whole || sizeOf(inferred) !== size || !inferred.every((d) => Number.isInteger(d)))
    throw new ShapeError(`${op}: expected a shape of ${size} elements, got ${showShape(shape)}`)
  return checkShape(op, inferred)
}

/**
 * The same elements in logical order under another shape; one −1 takes what is left. Shares memory where x is row-major.
 * @throws {ShapeError} when the shape does not hold as many elements
 */
export function reshape<D extends DType>(x: Tensor<D>, shape: Shape): Tensor<D> {
  checkTensor('reshape', 'x', x)
  if (!Array.isArray(shape)) throw new TypeError(`reshape: expected a shape, got ${describe(shape)}`)
  const target = inferShape('reshape', x.size, shape)
  const source = sameShape(target, x.shape) ? x : toRowMajor(x)
  const { shape: before } = x
  const y = share('reshape', source, target, source.layout)
  tracer?.op('reshape', y, [x], { shape: target })
  return record('reshape', y, [source], [], (dy) => [reshape(dy, before)])
}

/**
 * Dimensions `start` to `end` (inclusive) as one.
 * @throws {ShapeError} when x has no such dimensions
 */
export function flatten<D extends DType>(x: Tensor<D>, start = 0, end = -1): Tensor<D> {
  checkTensor('flatten', 'x', x)
  if (x.rank === 0) return reshape(x, [1])
  const [first, last] = [checkDim('flatten', start, x.rank), checkDim('flatten', end, x.rank)]
  if (first > last) throw new ShapeError(`flatten: expected start up to end, got ${start} and ${end}`)
  const middle = sizeOf(x.shape.slice(first, last + 1))
  return reshape(x, [...x.shape.slice(0, first), middle, ...x.shape.slice(last + 1)])
}

/**
 * Without dimensions of size 1: all of them, or those named, of which others stay.
 * @throws {ShapeError} when x has no such dimension
 */
export function squeeze<D extends DType>(x: Tensor<D>, dim?: number | readonly number[]): Tensor<D> {
  checkTensor('squeeze', 'x', x)
  const dims = checkDims('squeeze', dim, x.rank)
  return reshape(
    x,
    x.shape.filter((n, d) => n !== 1 || !dims.includes(d)),
  )
}

/**
 * With a dimension of size 1 put in before `dim`; −1 is behind the last.
 * @throws {ShapeError} when the result has no such dimension
 */
export function unsqueeze<D extends DType>(x: Tensor<D>, dim: number): Tensor<D> {
  checkTensor('unsqueeze', 'x', x)
  return reshape(x, x.shape.toSpliced(checkDim('unsqueeze', dim, x.rank + 1), 0, 1))
}

/**
 * The dimensions in another order, copied.
 * @param dims for each dimension of the result, x's
 * @throws {ShapeError} unless each dimension is named once
 */
export function permute<D extends DType>(x: Tensor<D>, dims: readonly number[]): Tensor<D> {
  checkTensor('permute', 'x', x)
  const { rank, shape: before } = x
  const order = dims.map((d) => checkDim('permute', d, rank))
  if (order.length !== rank || new Set(order).size !== rank)
    throw new ShapeError(`permute: expected each of ${rank} dimensions once, got [${dims.join(', ')}]`)
  const strides = stridesOf(before, x.layout)
  const shape = order.map((d) => before[d]!)
  const y = allocLike('permute', x, shape, { layout: 'rowMajor' })
  readStrided(
    x,
    order.map((d) => strides[d]!),
    0,
    y,
  )
  tracer?.op('permute', y, [x], { order })
  return record('permute', y, [x], [], (dy) => [
    permute(
      dy,
      order.map((_, d) => order.indexOf(d)),
    ),
  ])
}

/** Two dimensions exchanged, copied. @throws {ShapeError} when x has no such dimensions */
export function transpose<D extends DType>(x: Tensor<D>, dim0: number, dim1: number): Tensor<D> {
  checkTensor('transpose', 'x', x)
  const [a, b] = [checkDim('transpose', dim0, x.rank), checkDim('transpose', dim1, x.rank)]
  return permute(
    x,
    x.shape.map((_, d) => (d === a ? b : d === b ? a : d)),
  )
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link reshape}. */
    reshape(shape: Shape): Tensor<D>
    /** As {@link reshape}, with the sizes as arguments: `x.view(-1, 784)`. */
    view(...shape: number[]): Tensor<D>
    /** See {@link flatten}. */
    flatten(start?: number, end?: number): Tensor<D>
    /** See {@link squeeze}. */
    squeeze(dim?: number | readonly number[]): Tensor<D>
    /** See {@link unsqueeze}. */
    unsqueeze(dim: number): Tensor<D>
    /** See {@link permute}. */
    permute(...dims: number[]): Tensor<D>
    /** See {@link transpose}. */
    transpose(dim0: number, dim1: number): Tensor<D>
  }
}
Tensor.prototype.reshape = function (shape) {
  return reshape(this, shape)
}
Tensor.prototype.view = function (...shape) {
  return reshape(this, shape)
}
Tensor.prototype.flatten = function (start, end) {
  return flatten(this, start, end)
}
Tensor.prototype.squeeze = function (dim) {
  return squeeze(this, dim)
}
Tensor.prototype.unsqueeze = function (dim) {
  return unsqueeze(this, dim)
}
Tensor.prototype.permute = function (...dims) {
  return permute(this, dims)
}
Tensor.prototype.transpose = function (dim0, dim1) {
  return transpose(this, dim0, dim1)
}
