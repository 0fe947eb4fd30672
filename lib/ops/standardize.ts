import { alloc, allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { isFloat, isHalf } from '../dtype.js'
import { describe, ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { disown } from '../scope.js'
import { around, checkDim } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { checkTensor } from './check.js'
import { cast } from './convert.js'

/**
 * (x − mean) / std of each channel, in one pass over bytes or numbers. Gradients pass, for float dtypes.
 *
 * @param x of any dtype
 * @param mean one number per channel, in x's units, or one for all
 * @param std likewise, not 0
 * @param dim the channels' dimension. Default 1.
 * @returns of x's dtype where that is a float one, else float32
 * @throws {ShapeError} when x has no such dimension, or there are not as many numbers as channels
 * @throws {RangeError} unless the numbers are finite, and those of std not 0
 */
export function standardize(
  x: Tensor,
  mean: number | readonly number[],
  std: number | readonly number[],
  dim = 1,
): Tensor {
  checkTensor('standardize', 'x', x)
  if (isHalf(x.dtype)) return cast(standardize(cast(x, 'float32'), mean, std, dim), x.dtype)
  const axis = checkDim('standardize', dim, x.rank)
  const channels = x.shape[axis]!
  return each(x, axis, numbers('mean', mean, channels), numbers('std', std, channels))
}

function numbers(name: 'mean' | 'std', value: number | readonly number[], channels: number): number[] {
  const all = typeof value === 'number' ? new Array<number>(channels).fill(value) : value
  if (!Array.isArray(all) || !all.every((v) => Number.isFinite(v) && (name === 'mean' || v !== 0)))
    throw new RangeError(
      `standardize: expected ${name} to be finite numbers${name === 'std' ? ' other than 0' : ''}, got ${describe(value)}`,
    )
  if (all.length !== channels)
    throw new ShapeError(`standardize: expected ${name} of ${channels} channels, got ${all.length}`)
  return all as number[]
}

function each(x: Tensor, dim: number, mean: readonly number[], std: readonly number[]): Tensor {
  const [outer, channels, inner] = around(x, dim)
  const y = allocLike('standardize', x, x.shape, { dtype: isFloat(x.dtype) ? x.dtype : 'float32' })
  const means = constants(y, mean)
  const deviations = constants(y, std)
  kernels.standardize(outer, channels, inner, x.handle, means.handle, deviations.handle, y.handle)
  means.dispose()
  deviations.dispose()
  return isFloat(x.dtype) ? recorded(x, y, dim, std) : y
}

/** One number per channel, of y's dtype and on its device; whoever calls this disposes it. */
const constants = (y: Tensor, values: readonly number[]): Tensor =>
  disown(alloc('standardize', [values.length], y.dtype, y.device)).copy_(values)

/** Apart from what makes y, so that the tape does not hold what was local there. */
function recorded(x: Tensor, y: Tensor, dim: number, std: readonly number[]): Tensor {
  return record('standardize', y, [x], [], (dy) => [
    each(
      dy,
      dim,
      std.map(() => 0),
      std,
    ),
  ])
}
