import { madeLike } from '../alloc.js'
import { record } from '../autograd.js'
import type { DType } from '../dtype.js'
import { kernels } from '../native.js'
import { around, checkDim } from '../shape.js'
import { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkFloats } from './check.js'
import { raised } from './precision.js'

type Normalised = 'softmax' | 'log_softmax'

function normalised(op: Normalised, name: string, x: Tensor, dim: number): Tensor {
  ;[x] = raised(x)
  checkFloats(name, { x })
  const extents: [number, number, number] = x.rank === 0 ? [1, 1, 1] : around(x, checkDim(name, dim, x.rank))
  const y = madeLike(name, kernels[op](...extents, x.handle, 0), x)
  tracer?.op(name, y, [x], { dim: dim < 0 ? dim + x.rank : dim })
  return record(name, y, [x], [y], (dy, _, [y]) => [
    madeLike(name, kernels[`${op}_backward`](...extents, y.handle, dy.handle, 0), dy),
  ])
}

/**
 * e^x / Σ e^x along a dimension.
 * @throws {ShapeError} when x has no such dimension
 */
export const softmax = <D extends DType>(x: Tensor<D>, dim = -1): Tensor<D> => normalised('softmax', 'softmax', x, dim)

/**
 * log softmax(x), computed without overflow.
 * @throws {ShapeError} when x has no such dimension
 */
export const logSoftmax = <D extends DType>(x: Tensor<D>, dim = -1): Tensor<D> =>
  normalised('log_softmax', 'logSoftmax', x, dim)

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link softmax}. */
    softmax(dim?: number): Tensor<D>
    /** See {@link logSoftmax}. */
    logSoftmax(dim?: number): Tensor<D>
  }
}
Tensor.prototype.softmax = function (dim) {
  return softmax(this, dim)
}
Tensor.prototype.logSoftmax = function (dim) {
  return logSoftmax(this, dim)
}
