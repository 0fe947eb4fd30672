import { alloc, allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { isFloat, type DType } from '../dtype.js'
import { describe, DTypeError, ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { around, checkDim, showShape } from '../shape.js'
import { disown } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { checkTensor, checkWhole } from './check.js'
import { tableOf, transposed, type ResampleMode, type Table } from './resampling.js'

export type { ResampleMode } from './resampling.js'

/** Options of {@link resample}. */
export interface ResampleOptions {
  /** Default `'bilinear'`. */
  mode?: ResampleMode
  /** Widen the filter where x is made smaller, so that all its cells count, as Pillow does. Default true. */
  antialias?: boolean
}

/**
 * One dimension of images brought to another size by a filter: PyTorch's `interpolate`, with its coordinates, of float or
 * uint8 images, which are rounded. Gradients pass, for float dtypes.
 *
 * @param x of a float dtype or uint8
 * @param dim the dimension, negative ones from the back
 * @param size its size afterwards
 * @throws {ShapeError} when x has no such dimension, or an empty one
 * @throws {RangeError} unless size is a positive integer and the mode is one
 */
export function resample(x: Tensor, dim: number, size: number, options: ResampleOptions = {}): Tensor {
  checkPixels('resample', x)
  const { mode = 'bilinear', antialias = true } = options
  const axis = checkDim('resample', dim, x.rank)
  checkWhole('resample', 'size', size, 1)
  const input = x.shape[axis]!
  if (input === 0) throw new ShapeError(`resample: expected a dimension of at least 1, got ${showShape(x.shape)}`)
  checkMode('resample', mode)
  return along(x, axis, tableOf(input, size, mode, antialias))
}

function along(x: Tensor, dim: number, table: Table): Tensor {
  const { input, output, taps } = table
  const [outer, , inner] = around(x, dim)
  const y = allocLike('resample', x, x.shape.with(dim, output))
  const first = disown(alloc('resample', [output], 'int32', x.device)).copy_(table.first)
  const weights = disown(alloc('resample', [output * taps], computedIn(x.dtype), x.device)).copy_(table.weights)
  kernels.resample(outer, input, output, inner, taps, x.handle, first.handle, weights.handle, y.handle)
  first.dispose()
  weights.dispose()
  return record('resample', y, [x], [], (dy) => [along(dy, dim, transposed(table))])
}

/** @throws {RangeError} unless it is a mode of resampling */
export function checkMode(op: string, mode: ResampleMode): void {
  if (!['nearest', 'bilinear', 'bicubic'].includes(mode))
    throw new RangeError(`${op}: expected mode to be one of nearest, bilinear, bicubic, got ${describe(mode)}`)
}

/** What images of a dtype are computed in, and their weights and matrices are of. */
export const computedIn = (dtype: DType): DType => (dtype === 'float64' ? 'float64' : 'float32')

/** @throws {TypeError} {@link DisposedError} {@link DTypeError} unless x is a live tensor of a float dtype or uint8 */
export function checkPixels(op: string, x: Tensor): void {
  checkTensor(op, 'x', x)
  if (x.dtype !== 'uint8' && !isFloat(x.dtype))
    throw new DTypeError(`${op}: expected x of a float dtype or uint8, got ${x.dtype}`)
}
