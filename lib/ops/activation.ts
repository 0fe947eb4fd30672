import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { kernels } from '../native.js'
import { checkDim, physicalOrder } from '../shape.js'
import { Tensor } from '../tensor.js'
import { checkFloats } from './check.js'
import { raised } from './precision.js'

type Pointwise = 'relu' | 'sigmoid' | 'tanh'

/** An activation whose gradient follows from its result alone. */
function pointwise(op: Pointwise, x: Tensor): Tensor {
  checkFloats(op, { x })
  const y = allocLike(op, x)
  kernels[op](x.size, x.handle, y.handle)
  return record(op, y, [x], [y], (dy, _, [y]) => {
    const dx = allocLike(op, dy)
    kernels[`${op}_backward`](y.size, y.handle, dy.handle, dx.handle)
    return [dx]
  })
}

/** max(x, 0). */
export const relu = (x: Tensor): Tensor => pointwise('relu', x)

/** 1 / (1 + e⁻ˣ). */
export const sigmoid = (x: Tensor): Tensor => pointwise('sigmoid', x)

/** The hyperbolic tangent. */
export const tanh = (x: Tensor): Tensor => pointwise('tanh', x)

type Normalised = 'softmax' | 'log_softmax'

function normalised(op: Normalised, name: string, x: Tensor, dim: number): Tensor {
  ;[x] = raised(x)
  checkFloats(name, { x })
  const order = physicalOrder(x.rank, x.layout)
  const at = x.rank === 0 ? -1 : order.indexOf(checkDim(name, dim, x.rank))
  const product = (dims: readonly number[]) => dims.reduce((p, d) => p * x.shape[d]!, 1)
  const extents = [
    product(order.slice(0, Math.max(at, 0))),
    at < 0 ? 1 : x.shape[order[at]!]!,
    product(order.slice(at + 1)),
  ] as const
  const y = allocLike(name, x)
  kernels[op](...extents, x.handle, y.handle)
  return record(name, y, [x], [y], (dy, _, [y]) => {
    const dx = allocLike(name, dy)
    kernels[`${op}_backward`](...extents, y.handle, dy.handle, dx.handle)
    return [dx]
  })
}

/**
 * e^x / Σ e^x along a dimension.
 * @throws {ShapeError} when x has no such dimension
 */
export const softmax = (x: Tensor, dim = -1): Tensor => normalised('softmax', 'softmax', x, dim)

/**
 * log softmax(x), computed without overflow.
 * @throws {ShapeError} when x has no such dimension
 */
export const logSoftmax = (x: Tensor, dim = -1): Tensor => normalised('log_softmax', 'logSoftmax', x, dim)

declare module '../tensor.js' {
  interface Tensor {
    /** See {@link relu}. */
    relu(): Tensor
    /** See {@link sigmoid}. */
    sigmoid(): Tensor
    /** See {@link tanh}. */
    tanh(): Tensor
    /** See {@link softmax}. */
    softmax(dim?: number): Tensor
    /** See {@link logSoftmax}. */
    logSoftmax(dim?: number): Tensor
  }
}
Tensor.prototype.relu = function () {
  return relu(this)
}
Tensor.prototype.sigmoid = function () {
  return sigmoid(this)
}
Tensor.prototype.tanh = function () {
  return tanh(this)
}
Tensor.prototype.softmax = function (dim) {
  return softmax(this, dim)
}
Tensor.prototype.logSoftmax = function (dim) {
  return logSoftmax(this, dim)
}
