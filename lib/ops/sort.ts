import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import type { DType } from '../dtype.js'
import { describe } from '../errors.js'
import { kernels } from '../native.js'
import { around, checkDim } from '../shape.js'
import { Tensor } from '../tensor.js'
import { checkTensor } from './check.js'
import { scattered } from './select.js'
import { reshape } from './shape.js'

/** Options of {@link sort} and {@link argsort}. */
export interface SortOptions {
  /** From the greatest to the least. Default false. */
  descending?: boolean
  /** Whether equal elements keep their order. They always do. */
  stable?: boolean
}

/** Elements in order and where they were. */
export interface Sorted<D extends DType = DType> {
  /** The elements in their order. */
  values: Tensor<D>
  /** int32. */
  indices: Tensor<'int32'>
}

function ordered(op: string, x: Tensor, dim: number, k: number | undefined, descending: boolean): Sorted {
  if (x.rank === 0) {
    const { values, indices } = ordered(op, reshape(x, [1]), 0, k, descending)
    return { values: reshape(values, []), indices: reshape(indices, []) }
  }
  const [outer, n, inner] = around(x, dim)
  const { shape } = x
  const values = allocLike(op, x, shape.with(dim, k ?? n))
  const indices = allocLike(op, values, values.shape, { dtype: 'int32' })
  kernels.sort(outer, n, inner, k ?? n, Number(descending), x.handle, values.handle, indices.handle)
  record(op, values, [x], [indices], (dy, _, [indices]) => [scattered(op, dy, shape, dim, indices)])
  return { values, indices }
}

/** A scalar has one dimension here. */
const axisOf = (op: string, x: Tensor, dim: number): number => checkDim(op, dim, Math.max(1, x.rank))

/**
 * x sorted along a dimension, by default the last. Equal elements keep their order; NaN is greater than all else.
 * @throws {ShapeError} when x has no such dimension
 */
export function sort<D extends DType>(x: Tensor<D>, dim = -1, options: SortOptions = {}): Sorted<D> {
  checkTensor('sort', 'x', x)
  return ordered('sort', x, axisOf('sort', x, dim), undefined, options.descending === true)
}

/**
 * The indices that sort x along a dimension, by default the last; int32. See {@link sort}.
 * @throws {ShapeError} when x has no such dimension
 */
export function argsort(x: Tensor, dim = -1, options: SortOptions = {}): Tensor<'int32'> {
  checkTensor('argsort', 'x', x)
  const { values, indices } = ordered('argsort', x, axisOf('argsort', x, dim), undefined, options.descending === true)
  values.dispose()
  return indices
}

/** Options of {@link topk}. */
export interface TopkOptions {
  /** The greatest elements, else the least. Default true. */
  largest?: boolean
  /** Whether they come in order. They always do. */
  sorted?: boolean
}

/**
 * The k greatest elements along a dimension, by default the last, in order. NaN is greater than all else; of equal
 * elements the first ones are taken.
 * @throws {ShapeError} when x has no such dimension
 * @throws {RangeError} unless k is a whole number from 0 to the dimension's size
 */
export function topk<D extends DType>(x: Tensor<D>, k: number, dim = -1, options: TopkOptions = {}): Sorted<D> {
  checkTensor('topk', 'x', x)
  const axis = axisOf('topk', x, dim)
  const n = x.shape[axis] ?? 1
  if (!Number.isInteger(k) || k < 0 || k > n)
    throw new RangeError(`topk: expected k from 0 to ${n}, got ${describe(k)}`)
  return ordered('topk', x, axis, k, options.largest !== false)
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link sort}. */
    sort(dim?: number, options?: SortOptions): Sorted<D>
    /** See {@link argsort}. */
    argsort(dim?: number, options?: SortOptions): Tensor<'int32'>
    /** See {@link topk}. */
    topk(k: number, dim?: number, options?: TopkOptions): Sorted<D>
  }
}
Tensor.prototype.sort = function (dim, options) {
  return sort(this, dim, options)
}
Tensor.prototype.argsort = function (this: Tensor, dim, options) {
  return argsort(this, dim, options)
}
Tensor.prototype.topk = function (k, dim, options) {
  return topk(this, k, dim, options)
}
