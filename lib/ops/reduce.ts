import { allocLike } from '../alloc.js'
import { noGrad, record } from '../autograd.js'
import { wide, type DType } from '../dtype.js'
import { ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { around, checkDim, checkDims, extents, physicalOrder, showShape, type Shape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { repeated } from './broadcast.js'
import { checkFloats } from './check.js'
import { eq, ne, where } from './compare.js'
import { cast, clone } from './convert.js'
import { div } from './elementwise.js'
import { raised } from './precision.js'
import { reshape } from './shape.js'
import { scale } from './unary.js'

/** What reductions are told. */
export interface ReduceOptions {
  /** Keep the reduced dimensions, of size 1. Default false. */
  keepDim?: boolean
}

const without = (shape: Shape, dims: readonly number[]): number[] => shape.filter((_, d) => !dims.includes(d))
const squeezed = (shape: Shape, dims: readonly number[]): number[] => shape.map((n, d) => (dims.includes(d) ? 1 : n))

/** The first and last place of each run of dims that lie side by side in memory, from the innermost on. */
function runsOf(order: readonly number[], dims: readonly number[]): [first: number, last: number][] {
  const runs: [number, number][] = []
  for (let last = order.length - 1; last >= 0; last--) {
    if (!dims.includes(order[last]!)) continue
    let first = last
    while (first > 0 && dims.includes(order[first - 1]!)) first--
    runs.push([first, last])
    last = first
  }
  return runs
}

/** A factor times the sums over dims, which stay with size 1; off the tape, and rounded to half precision only once. */
function sumKept(op: string, x: Tensor, dims: readonly number[], factor: number): Tensor {
  const order = physicalOrder(x.rank, x.layout)
  const runs = runsOf(order, dims)
  const dtype = runs.length > 1 ? wide(x.dtype) : x.dtype
  let y = x
  for (const [i, [first, last]] of runs.entries()) {
    const source = y
    const [outer, n, inner] = extents(source, first, last)
    y = allocLike(op, source, squeezed(source.shape, order.slice(first, last + 1)), { dtype })
    kernels.sum(outer, n, inner, i === runs.length - 1 ? factor : 1, source.handle, y.handle)
    if (source !== x) source.dispose()
  }
  if (dtype === x.dtype) return y
  const rounded = cast(y, x.dtype)
  y.dispose()
  return rounded
}

/**
 * The sum over some dimensions, or all.
 * @param dim one dimension, several, or all of them by default; negative ones count from the back
 * @throws {ShapeError} when x has no such dimension
 */
export function sum<D extends DType>(
  x: Tensor<D>,
  dim?: number | readonly number[],
  options: ReduceOptions = {},
): Tensor<D> {
  ;[x] = raised(x)
  checkFloats('sum', { x })
  return sumOf('sum', x, checkDims('sum', dim, x.rank), 1, options)
}

function sumOf(op: string, x: Tensor, dims: readonly number[], factor: number, options: ReduceOptions): Tensor {
  const { shape, layout } = x
  const kept = sumKept(op, x, dims, factor)
  const y = kept === x ? copied(x) : kept
  record(op, y, [x], [], (dy) => [repeated(factor === 1 ? dy : scale(dy, factor), shape, layout)])
  const result = options.keepDim ? y : reshape(y, without(shape, dims))
  tracer?.op(op, result, [x], { dims, keepDim: options.keepDim === true })
  return result
}

const copied = (x: Tensor): Tensor => noGrad(() => clone(x))

/**
 * The mean over some dimensions, or all.
 * @throws {ShapeError} when x has no such dimension
 */
export function mean<D extends DType>(
  x: Tensor<D>,
  dim?: number | readonly number[],
  options: ReduceOptions = {},
): Tensor<D> {
  checkFloats('mean', { x })
  const dims = checkDims('mean', dim, x.rank)
  const count = dims.reduce((product, d) => product * x.shape[d]!, 1)
  return sumOf('mean', x, dims, 1 / count, options)
}

/** The extreme values along a dimension and where they are. */
export interface Extremes<D extends DType = DType> {
  /** The largest or smallest elements. */
  values: Tensor<D>
  /** int32; the first one wins ties. */
  indices: Tensor<'int32'>
}

type Extreme = 'max' | 'min'

/** The largest element. Equal ones share the gradient. */
export function max<D extends DType>(x: Tensor<D>): Tensor<D>
/**
 * The largest elements along a dimension, with their indices. The first one wins ties, and alone receives the gradient.
 * @throws {ShapeError} when x has no such dimension, or it is empty
 */
export function max<D extends DType>(x: Tensor<D>, dim: number, options?: ReduceOptions): Extremes<D>
export function max(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor | Extremes {
  return dim === undefined ? extreme('max', x) : extremesAlong('max', 'max', x, dim, options)
}

/** The smallest element. Equal ones share the gradient. */
export function min<D extends DType>(x: Tensor<D>): Tensor<D>
/**
 * The smallest elements along a dimension, with their indices. The first one wins ties, and alone receives the gradient.
 * @throws {ShapeError} when x has no such dimension, or it is empty
 */
export function min<D extends DType>(x: Tensor<D>, dim: number, options?: ReduceOptions): Extremes<D>
export function min(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor | Extremes {
  return dim === undefined ? extreme('min', x) : extremesAlong('min', 'min', x, dim, options)
}

function extreme(op: Extreme, x: Tensor): Tensor {
  checkFloats(op, { x })
  if (x.size === 0) throw new ShapeError(`${op}: expected elements, got ${showShape(x.shape)}`)
  const y = allocLike(op, x, [])
  const index = allocLike(op, x, [], { dtype: 'int32' })
  kernels.extreme(1, x.size, 1, Number(op === 'min'), x.handle, y.handle, index.handle)
  index.dispose()
  tracer?.op(op, y, [x], { dims: x.shape.map((_, d) => d), keepDim: false })
  return record(op, y, [x], [x, y], (dy, _, [x, y]) => {
    const there = where(ne(y, y), ne(x, x), eq(x, y))
    const type = wide(dy.dtype) // half precision does not count far
    const share = cast(div(cast(dy, type), sum(cast(there, type))), dy.dtype)
    return [where(there, share, 0)]
  })
}

/**
 * The index of the largest element along a dimension or, without one, in the flattened tensor; int32.
 * @throws {ShapeError} when x has no such dimension, or it is empty
 */
export const argmax = (x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor<'int32'> =>
  place('argmax', 'max', x, dim, options)

/**
 * The index of the smallest element along a dimension or, without one, in the flattened tensor; int32.
 * @throws {ShapeError} when x has no such dimension, or it is empty
 */
export const argmin = (x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor<'int32'> =>
  place('argmin', 'min', x, dim, options)

function place(op: string, which: Extreme, x: Tensor, dim: number | undefined, options: ReduceOptions): Tensor {
  checkFloats(op, { x })
  const source = dim === undefined ? reshape(x, [x.size]) : x
  const { values, indices } = extremesAlong(op, which, source, dim ?? 0, options)
  values.dispose()
  return indices
}

function extremesAlong(op: string, which: Extreme, x: Tensor, dim: number, options: ReduceOptions): Extremes {
  checkFloats(op, { x })
  const axis = checkDim(op, dim, x.rank)
  if (x.shape[axis] === 0)
    throw new ShapeError(`${op}: expected a non-empty dimension ${axis}, got ${showShape(x.shape)}`)
  const { shape, layout } = x
  const [outer, n, inner] = around(x, axis)
  const values = allocLike(op, x, squeezed(shape, [axis]))
  const indices = allocLike(op, x, values.shape, { dtype: 'int32' })
  kernels.extreme(outer, n, inner, Number(which === 'min'), x.handle, values.handle, indices.handle)
  record(op, values, [x], [indices], (dy, _, [indices]) => {
    const dx = allocLike(op, dy, shape, { layout })
    kernels.extreme_backward(outer, n, inner, indices.handle, dy.handle, dx.handle)
    return [dx]
  })
  tracer?.op(which, values, [x], { dims: [axis], keepDim: true })
  tracer?.op(`arg${which}`, indices, [x], { dim: axis })
  if (options.keepDim) return { values, indices }
  const rest = without(shape, [axis])
  return { values: reshape(values, rest), indices: reshape(indices, rest) }
}

/**
 * Sums from the first element along a dimension to each.
 * @throws {ShapeError} when x has no such dimension
 */
export function cumsum<D extends DType>(x: Tensor<D>, dim: number): Tensor<D> {
  ;[x] = raised(x)
  checkFloats('cumsum', { x })
  return cumsumAlong(x, checkDim('cumsum', dim, x.rank), false)
}

/** From the last element, when reverse. */
function cumsumAlong(x: Tensor, dim: number, reverse: boolean): Tensor {
  const y = allocLike('cumsum', x)
  const [outer, n, inner] = around(x, dim)
  kernels.cumsum(outer, n, inner, Number(reverse), x.handle, y.handle)
  tracer?.op('cumsum', y, [x], { dim })
  return record('cumsum', y, [x], [], (dy) => [cumsumAlong(dy, dim, !reverse)])
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link sum}. */
    sum(dim?: number | readonly number[], options?: ReduceOptions): Tensor<D>
    /** See {@link mean}. */
    mean(dim?: number | readonly number[], options?: ReduceOptions): Tensor<D>
    /** See {@link max}. */
    max(): Tensor<D>
    /** See {@link max}. */
    max(dim: number, options?: ReduceOptions): Extremes<D>
    /** See {@link min}. */
    min(): Tensor<D>
    /** See {@link min}. */
    min(dim: number, options?: ReduceOptions): Extremes<D>
    /** See {@link argmax}. */
    argmax(dim?: number, options?: ReduceOptions): Tensor<'int32'>
    /** See {@link argmin}. */
    argmin(dim?: number, options?: ReduceOptions): Tensor<'int32'>
    /** See {@link cumsum}. */
    cumsum(dim: number): Tensor<D>
  }
}
Tensor.prototype.sum = function (dim, options) {
  return sum(this, dim, options)
}
Tensor.prototype.mean = function (dim, options) {
  return mean(this, dim, options)
}
Tensor.prototype.max = extremeMethod(max)
Tensor.prototype.min = extremeMethod(min)
Tensor.prototype.argmax = function (this: Tensor, dim, options) {
  return argmax(this, dim, options)
}
Tensor.prototype.argmin = function (this: Tensor, dim, options) {
  return argmin(this, dim, options)
}
Tensor.prototype.cumsum = function (dim) {
  return cumsum(this, dim)
}

function extremeMethod(op: typeof max) {
  function method(this: Tensor): Tensor
  function method(this: Tensor, dim: number, options?: ReduceOptions): Extremes
  function method(this: Tensor, dim?: number, options?: ReduceOptions): Tensor | Extremes {
    return dim === undefined ? op(this) : op(this, dim, options)
  }
  return method
}
