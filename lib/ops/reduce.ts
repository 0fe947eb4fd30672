import { allocLike } from '../alloc.js'
import { noGrad, record } from '../autograd.js'
import { ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { around, checkDim, checkDims, extents, physicalOrder, showShape, type Shape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { repeated } from './broadcast.js'
import { checkFloats } from './check.js'
import { raised } from './precision.js'
import { clone } from './convert.js'
import { reshape } from './shape.js'
import { scale } from './unary.js'

export interface ReduceOptions {
  /** Keep the reduced dimensions, of size 1. Default false. */
  keepDim?: boolean
}

const without = (shape: Shape, dims: readonly number[]): number[] => shape.filter((_, d) => !dims.includes(d))
const squeezed = (shape: Shape, dims: readonly number[]): number[] => shape.map((n, d) => (dims.includes(d) ? 1 : n))

/** Sums over dims, which stay with size 1: one pass for each run of dims that lie side by side in memory. */
function sumKept(x: Tensor, dims: readonly number[]): Tensor {
  let y = x
  const order = physicalOrder(x.rank, x.layout)
  for (let last = x.rank - 1; last >= 0; last--) {
    if (!dims.includes(order[last]!)) continue
    let first = last
    while (first > 0 && dims.includes(order[first - 1]!)) first--
    const source = y
    const [outer, n, inner] = extents(source, first, last)
    y = allocLike('sum', source, squeezed(source.shape, order.slice(first, last + 1)))
    kernels.sum(outer, n, inner, source.handle, y.handle)
    if (source !== x) source.dispose()
    last = first
  }
  return y
}

/**
 * The sum over some dimensions, or all.
 * @param dim one dimension, several, or all of them by default; negative ones count from the back
 * @throws {ShapeError} when x has no such dimension
 */
export function sum(x: Tensor, dim?: number | readonly number[], options: ReduceOptions = {}): Tensor {
  ;[x] = raised(x)
  return sumOf('sum', x, dim, options)
}

function sumOf(op: string, x: Tensor, dim: number | readonly number[] | undefined, options: ReduceOptions): Tensor {
  checkFloats(op, { x })
  const dims = checkDims(op, dim, x.rank)
  const { shape, layout } = x
  const kept = sumKept(x, dims)
  const y = kept === x ? noGrad(() => clone(x)) : kept
  record('sum', y, [x], [], (dy) => [repeated(dy, shape, layout)])
  return options.keepDim ? y : reshape(y, without(shape, dims))
}

/**
 * The mean over some dimensions, or all.
 * @throws {ShapeError} when x has no such dimension
 */
export function mean(x: Tensor, dim?: number | readonly number[], options: ReduceOptions = {}): Tensor {
  checkFloats('mean', { x })
  const count = checkDims('mean', dim, x.rank).reduce((product, d) => product * x.shape[d]!, 1)
  return scale(sumOf('mean', x, dim, options), 1 / count)
}

/** The largest values along a dimension and where they are. */
export interface MaxResult {
  values: Tensor
  /** int32; the first one wins ties. */
  indices: Tensor
}

/** The largest element. */
export function max(x: Tensor): Tensor
/**
 * The largest elements along a dimension, with their indices. The first one wins ties, and alone receives the gradient.
 * @throws {ShapeError} when x has no such dimension, or it is empty
 */
export function max(x: Tensor, dim: number, options?: ReduceOptions): MaxResult
export function max(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor | MaxResult {
  checkFloats('max', { x })
  if (dim !== undefined) return maxAlong('max', x, checkDim('max', dim, x.rank), options)
  const { values, indices } = maxAlong('max', reshape(x, [x.size]), 0, {})
  indices.dispose()
  return values
}

/**
 * The index of the largest element along a dimension or, without one, in the flattened tensor; int32.
 * @throws {ShapeError} when x has no such dimension, or it is empty
 */
export function argmax(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor {
  checkFloats('argmax', { x })
  const source = dim === undefined ? reshape(x, [x.size]) : x
  const { values, indices } = maxAlong('argmax', source, checkDim('argmax', dim ?? 0, source.rank), options)
  values.dispose()
  return indices
}

function maxAlong(op: string, x: Tensor, dim: number, options: ReduceOptions): MaxResult {
  if (x.shape[dim] === 0)
    throw new ShapeError(`${op}: expected a non-empty dimension ${dim}, got ${showShape(x.shape)}`)
  const { shape, layout } = x
  const [outer, n, inner] = around(x, dim)
  const values = allocLike('max', x, squeezed(shape, [dim]))
  const indices = allocLike('max', x, values.shape, { dtype: 'int32' })
  kernels.max(outer, n, inner, x.handle, values.handle, indices.handle)
  record('max', values, [x], [indices], (dy, _, [indices]) => {
    const dx = allocLike('max', dy, shape, { layout })
    kernels.max_backward(outer, n, inner, indices.handle, dy.handle, dx.handle)
    return [dx]
  })
  if (options.keepDim) return { values, indices }
  const rest = without(shape, [dim])
  return { values: reshape(values, rest), indices: reshape(indices, rest) }
}

declare module '../tensor.js' {
  interface Tensor {
    /** See {@link sum}. */
    sum(dim?: number | readonly number[], options?: ReduceOptions): Tensor
    /** See {@link mean}. */
    mean(dim?: number | readonly number[], options?: ReduceOptions): Tensor
    /** See {@link max}. */
    max(): Tensor
    max(dim: number, options?: ReduceOptions): MaxResult
    /** See {@link argmax}. */
    argmax(dim?: number, options?: ReduceOptions): Tensor
  }
}
Tensor.prototype.sum = function (dim, options) {
  return sum(this, dim, options)
}
Tensor.prototype.mean = function (dim, options) {
  return mean(this, dim, options)
}
function maxMethod(this: Tensor): Tensor
function maxMethod(this: Tensor, dim: number, options?: ReduceOptions): MaxResult
function maxMethod(this: Tensor, dim?: number, options?: ReduceOptions): Tensor | MaxResult {
  return dim === undefined ? max(this) : max(this, dim, options)
}
Tensor.prototype.max = maxMethod
Tensor.prototype.argmax = function (dim, options) {
  return argmax(this, dim, options)
}
