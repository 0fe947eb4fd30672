import { noGrad, record } from '../autograd.js'
import { isHalf, type DType } from '../dtype.js'
import { ShapeError } from '../errors.js'
import { checkDims, showShape, type Shape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { checkFloats, checkNumber } from './check.js'
import { eq, ne, where } from './compare.js'
import { cast } from './convert.js'
import { add, div, mul, pow, sub } from './elementwise.js'
import { raised } from './precision.js'
import { max, mean, min, type ReduceOptions, sum } from './reduce.js'
import { reshape } from './shape.js'
import { abs, clamp, exp, log, scale, sign, sqrt } from './unary.js'

type Dims = number | readonly number[] | undefined

/** A statistic of x over dims, which stay with size 1; computed in float32 for half types, and rounded once. */
function over(
  op: string,
  x: Tensor,
  dim: Dims,
  { keepDim = false }: ReduceOptions,
  statistic: (x: Tensor, dims: readonly number[], count: number) => Tensor,
): Tensor {
  ;[x] = raised(x)
  checkFloats(op, { x })
  const dims = checkDims(op, dim, x.rank)
  const count = dims.reduce((product, d) => product * x.shape[d]!, 1)
  const kept = isHalf(x.dtype) ? cast(statistic(cast(x, 'float32'), dims, count), x.dtype) : statistic(x, dims, count)
  return keepDim ? kept : reshape(kept, without(x.shape, dims))
}

const without = (shape: Shape, dims: readonly number[]): number[] => shape.filter((_, d) => !dims.includes(d))

const kept = { keepDim: true } as const

/** So small that a square is 0, which divides what is 0 too. */
const TINY = 1e-20

/** Options of {@link variance} and {@link std}. */
export interface VarOptions extends ReduceOptions {
  /** What is taken from the number of elements before the sum of squares is divided by it. Default 1. */
  correction?: number
}

// What follows is off the tape, in functions of its own: what a closure in an op's function refers to, the op's backward
// would keep alive.

/** Mean, and mean square distance from it, in two passes. */
const moments = (x: Tensor, dims: readonly number[], divisor: number): { middle: Tensor; variance: Tensor } =>
  noGrad(() => {
    const middle = mean(x, dims, kept)
    const distance = sub(x, middle)
    return { middle, variance: scale(sum(mul(distance, distance), dims, kept), 1 / divisor) }
  })

const powerNorm = (x: Tensor, p: number, dims: readonly number[]): Tensor =>
  noGrad(() => {
    if (p === 2) return sqrt(sum(mul(x, x), dims, kept))
    return pow(sum(pow(abs(x), p), dims, kept), 1 / p)
  })

const greatest = (x: Tensor, dims: readonly number[]): Tensor =>
  noGrad(() => dims.reduce((y, d) => max(y, d, kept).values, x))

const least = (x: Tensor, dims: readonly number[]): Tensor =>
  noGrad(() => dims.reduce((y, d) => min(y, d, kept).values, x))

const magnitude = (x: Tensor): Tensor => noGrad(() => abs(x))
const root = (x: Tensor): Tensor => noGrad(() => sqrt(x))

/**
 * The variance over some dimensions, or all: Σ(x − mean)² / (n − correction). NaN where n ≤ correction.
 * @throws {ShapeError} when x has no such dimension
 */
export function variance<D extends DType>(
  x: Tensor<D>,
  dim?: number | readonly number[],
  options: VarOptions = {},
): Tensor<D> {
  return over('var', x, dim, options, (x, dims, count) => {
    const divisor = divisorOf('var', count, options)
    const { middle, variance } = moments(x, dims, divisor)
    return record('var', variance, [x], [x, middle], (dy, _, [x, middle]) => [
      mul(sub(x, middle), scale(dy, 2 / divisor)),
    ])
  })
}

/**
 * The standard deviation, the root of the {@link variance}; its gradient is 0 where it is 0.
 * @throws {ShapeError} when x has no such dimension
 */
export function std<D extends DType>(
  x: Tensor<D>,
  dim?: number | readonly number[],
  options: VarOptions = {},
): Tensor<D> {
  return over('std', x, dim, options, (x, dims, count) => {
    const divisor = divisorOf('std', count, options)
    const { middle, variance } = moments(x, dims, divisor)
    const y = root(variance)
    return record('std', y, [x], [x, middle, y], (dy, _, [x, middle, y]) => [
      mul(sub(x, middle), div(scale(dy, 1 / divisor), clamp(y, TINY))),
    ])
  })
}

function divisorOf(op: string, count: number, { correction = 1 }: VarOptions): number {
  checkNumber(op, 'correction', correction)
  return Math.max(0, count - correction)
}

/**
 * (Σ|x|^p)^(1/p) over some dimensions, or all; for p = ±Infinity the greatest or least |x|, for 0 how many are not 0.
 * @param p default 2
 * @throws {ShapeError} when x has no such dimension, or of nothing for p = ±Infinity
 */
export function norm<D extends DType>(
  x: Tensor<D>,
  p = 2,
  dim?: number | readonly number[],
  options: ReduceOptions = {},
): Tensor<D> {
  checkNumber('norm', 'p', p)
  return over('norm', x, dim, options, (x, dims, count) => {
    if (p === 1) return sum(abs(x), dims, kept)
    if (p === 0) return sum(cast(ne(x, 0), x.dtype), dims, kept)
    if (!Number.isFinite(p)) return extremeNorm(x, dims, count, p)
    const y = powerNorm(x, p, dims)
    return record('norm', y, [x], [x, y], (dy, _, [x, y]) => {
      if (p === 2) return [mul(x, div(dy, clamp(y, TINY)))]
      const slope = mul(mul(sign(x), pow(abs(x), p - 1)), mul(dy, pow(y, 1 - p)))
      return [where(eq(x, 0), 0, slope)]
    })
  })
}

/** The gradient is shared by all elements of that size. */
function extremeNorm(x: Tensor, dims: readonly number[], count: number, p: number): Tensor {
  if (count === 0) throw new ShapeError(`norm: expected elements for p = ${p}, got ${showShape(x.shape)}`)
  const y = (p > 0 ? greatest : least)(magnitude(x), dims)
  return record('norm', y, [x], [x, y], (dy, _, [x, y]) => {
    const there = cast(eq(abs(x), y), x.dtype)
    return [mul(mul(sign(x), there), div(dy, sum(there, dims, kept)))]
  })
}

/**
 * log Σ exp(x) over some dimensions, without overflow.
 * @throws {ShapeError} when x has no such dimension, or for nothing
 */
export function logsumexp<D extends DType>(
  x: Tensor<D>,
  dim: number | readonly number[],
  options: ReduceOptions = {},
): Tensor<D> {
  return over('logsumexp', x, dim, options, (x, dims, count) => {
    if (count === 0) throw new ShapeError(`logsumexp: expected elements, got ${showShape(x.shape)}`)
    const largest = x.dtype === 'float64' ? Number.MAX_VALUE : 3e38 // ∞ − ∞ is no number
    const top = clamp(greatest(x, dims), -largest, largest)
    return add(log(sum(exp(sub(x, top)), dims, kept)), top)
  })
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link variance}. */
    var(dim?: number | readonly number[], options?: VarOptions): Tensor<D>
    /** See {@link std}. */
    std(dim?: number | readonly number[], options?: VarOptions): Tensor<D>
    /** See {@link norm}. */
    norm(p?: number, dim?: number | readonly number[], options?: ReduceOptions): Tensor<D>
    /** See {@link logsumexp}. */
    logsumexp(dim: number | readonly number[], options?: ReduceOptions): Tensor<D>
  }
}
Tensor.prototype.var = function (dim, options) {
  return variance(this, dim, options)
}
Tensor.prototype.std = function (dim, options) {
  return std(this, dim, options)
}
Tensor.prototype.norm = function (p, dim, options) {
  return norm(this, p, dim, options)
}
Tensor.prototype.logsumexp = function (dim, options) {
  return logsumexp(this, dim, options)
}
