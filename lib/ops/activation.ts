import { madeLike } from '../alloc.js'
import { record } from '../autograd.js'
import type { DType } from '../dtype.js'
import { describe, ShapeError } from '../errors.js'
import type { Handle } from '../kernels.js'
import { recording } from '../capture/recording.js'
import { kernels } from '../native.js'
import { checkDim, showShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkFloats, checkNumber, checkShapeIs, checkWhole } from './check.js'
import { gt, where } from './compare.js'
import { add, mul } from './elementwise.js'
import { raised } from './precision.js'
import { max } from './reduce.js'
import { reshape } from './shape.js'
import { clampOf, scale } from './unary.js'

/** An activation whose gradient follows from its result alone. */
function byResult(op: 'relu' | 'sigmoid' | 'tanh', x: Tensor): Tensor {
  checkFloats(op, { x })
  const y = madeLike(op, kernels[op](x.size, x.handle, 0), x)
  tracer?.op(op, y, [x])
  return record(op, y, [x], [y], (dy, _, [y]) => [
    madeLike(op, kernels[`${op}_backward`](y.size, y.handle, dy.handle, 0), dy),
  ])
}

/** One whose gradient needs what it was applied to. */
function byInput(
  op: string,
  x: Tensor,
  forward: (n: number, x: Handle, y: Handle) => Handle,
  backward: (n: number, x: Handle, dy: Handle, dx: Handle) => Handle,
  options?: object,
): Tensor {
  checkFloats(op, { x })
  const y = madeLike(op, forward(x.size, x.handle, 0), x)
  tracer?.op(op, y, [x], options)
  return record(op, y, [x], [x], (dy, _, [x]) => [madeLike(op, backward(x.size, x.handle, dy.handle, 0), dy)])
}

/** max(x, 0). */
export const relu = <D extends DType>(x: Tensor<D>): Tensor<D> => recording()?.folding?.relu(x) ?? byResult('relu', x)

/** 1 / (1 + e⁻ˣ). */
export const sigmoid = <D extends DType>(x: Tensor<D>): Tensor<D> => byResult('sigmoid', x)

/** The hyperbolic tangent. */
export const tanh = <D extends DType>(x: Tensor<D>): Tensor<D> => byResult('tanh', x)

/** min(max(x, 0), 6), as MobileNet has it (Krizhevsky: "Convolutional deep belief networks on CIFAR-10", 2010). */
export const relu6 = <D extends DType>(x: Tensor<D>): Tensor<D> => clampOf('relu6', x, 0, 6, true)

/** min(max(x, least), greatest), whose gradient at the bounds is 0. Defaults −1 and 1. */
export const hardtanh = <D extends DType>(x: Tensor<D>, least = -1, greatest = 1): Tensor<D> =>
  clampOf('hardtanh', x, least, greatest, true)

/** min(max(x / 6 + ½, 0), 1). */
export function hardsigmoid<D extends DType>(x: Tensor<D>): Tensor<D> {
  checkFloats('hardsigmoid', { x })
  return clampOf('hardsigmoid', add(scale(x, 1 / 6), 0.5), 0, 1, true)
}

/** x · min(max(x + 3, 0), 6) / 6 (Howard et al.: "Searching for MobileNetV3", 2019). */
export const hardswish = <D extends DType>(x: Tensor<D>): Tensor<D> =>
  byInput(
    'hardswish',
    x,
    (n, x, y) => kernels.hardswish(n, x, y),
    (n, x, dy, dx) => kernels.hardswish_backward(n, x, dy, dx),
  )

/** x above 0, else slope · x (Maas, Hannun, Ng: "Rectifier nonlinearities improve acoustic models", 2013). Default 0.01. */
export function leakyRelu<D extends DType>(x: Tensor<D>, negativeSlope = 0.01): Tensor<D> {
  checkNumber('leakyRelu', 'negativeSlope', negativeSlope)
  return byInput(
    'leakyRelu',
    x,
    (n, x, y) => kernels.leaky_relu(n, negativeSlope, x, y),
    (n, x, dy, dx) => kernels.leaky_relu_backward(n, negativeSlope, x, dy, dx),
    { negativeSlope },
  )
}

const elus = (op: string, x: Tensor, alpha: number, scale: number): Tensor =>
  byInput(
    op,
    x,
    (n, x, y) => kernels.elu(n, alpha, scale, x, y),
    (n, x, dy, dx) => kernels.elu_backward(n, alpha, scale, x, dy, dx),
    { alpha },
  )

/** x above 0, else alpha · (eˣ − 1) (Clevert, Unterthiner, Hochreiter, 2015). Default alpha 1. */
export function elu<D extends DType>(x: Tensor<D>, alpha = 1): Tensor<D> {
  checkNumber('elu', 'alpha', alpha)
  return elus('elu', x, alpha, 1)
}

/** 1.0507… · elu(x, 1.6733…), under which mean 0 and variance 1 are stable (Klambauer et al., 2017). */
export const selu = <D extends DType>(x: Tensor<D>): Tensor<D> =>
  elus('selu', x, 1.6732632423543772, 1.0507009873554805)

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** 'none': by the normal distribution itself (default); 'tanh': by Hendrycks and Gimpel's approximation. */
  approximate?: 'none' | 'tanh'
}

/**
 * x · Φ(x), with the normal distribution's Φ (Hendrycks, Gimpel: "Gaussian error linear units", 2016).
 * @throws {RangeError} for another approximation
 */
export function gelu<D extends DType>(x: Tensor<D>, { approximate = 'none' }: GeluOptions = {}): Tensor<D> {
  if (approximate === 'none')
    return byInput(
      'gelu',
      x,
      (n, x, y) => kernels.gelu(n, x, y),
      (n, x, dy, dx) => kernels.gelu_backward(n, x, dy, dx),
    )
  if (approximate !== 'tanh')
    throw new RangeError(`gelu: expected approximate 'none' or 'tanh', got ${describe(approximate)}`)
  return byInput(
    'gelu',
    x,
    (n, x, y) => kernels.gelu_tanh(n, x, y),
    (n, x, dy, dx) => kernels.gelu_tanh_backward(n, x, dy, dx),
    { approximate },
  )
}

/** x · sigmoid(x), also called swish (Elfwing, Uchibe, Doya, 2017). */
export const silu = <D extends DType>(x: Tensor<D>): Tensor<D> =>
  byInput(
    'silu',
    x,
    (n, x, y) => kernels.silu(n, x, y),
    (n, x, dy, dx) => kernels.silu_backward(n, x, dy, dx),
  )

/** Options of {@link softplus}. */
export interface SoftplusOptions {
  /** Default 1. */
  beta?: number
  /** Above it, beta · x counts as large, and the result is x. Default 20. */
  threshold?: number
}

/** log(1 + e^(beta · x)) / beta, a smooth ReLU. @throws {RangeError} when beta is 0 */
export function softplus<D extends DType>(x: Tensor<D>, { beta = 1, threshold = 20 }: SoftplusOptions = {}): Tensor<D> {
  checkNumber('softplus', 'beta', beta)
  checkNumber('softplus', 'threshold', threshold)
  if (beta === 0) throw new RangeError('softplus: expected a beta other than 0, got 0')
  ;[x] = raised(x)
  return byInput(
    'softplus',
    x,
    (n, x, y) => kernels.softplus(n, beta, threshold, x, y),
    (n, x, dy, dx) => kernels.softplus_backward(n, beta, threshold, x, dy, dx),
    { beta },
  )
}

/**
 * x above 0, else weight · x, with a learnt weight (He et al.: "Delving deep into rectifiers", 2015).
 *
 * @param x [N, C, …] or of any shape with one weight
 * @param weight [1] or [C]
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when weight does not fit
 */
export function prelu<D extends DType>(x: Tensor<D>, weight: Tensor): Tensor<D> {
  checkFloats('prelu', { x, weight })
  if (weight.size === 1) return where(gt(x, 0), x, mul(x, reshape(weight, [])))
  if (x.rank < 2) throw new ShapeError(`prelu: expected x of shape [N, C, …], got ${showShape(x.shape)}`)
  checkShapeIs('prelu', 'weight', weight, [x.shape[1]!])
  const slopes = reshape(
    weight,
    x.shape.map((size, d) => (d === 1 ? size : 1)),
  )
  return where(gt(x, 0), x, mul(x, slopes))
}

/**
 * The largest of `pieces` neighbours along a dimension (Goodfellow et al.: "Maxout networks", 2013).
 *
 * @param x with a multiple of `pieces` elements along the dimension
 * @param dim default 1, the channels
 * @returns the shape of x with that many times fewer elements along the dimension
 * @throws {ShapeError} when the dimension is no multiple of `pieces`
 */
export function maxout<D extends DType>(x: Tensor<D>, pieces: number, dim = 1): Tensor<D> {
  checkFloats('maxout', { x })
  checkWhole('maxout', 'pieces', pieces, 1)
  const axis = checkDim('maxout', dim, x.rank)
  const size = x.shape[axis]!
  if (size % pieces !== 0)
    throw new ShapeError(`maxout: expected dimension ${axis} divisible by ${pieces} pieces, got ${size}`)
  const split = [...x.shape.slice(0, axis), size / pieces, pieces, ...x.shape.slice(axis + 1)]
  const { values, indices } = max(reshape(x, split), axis + 1)
  indices.dispose()
  return values
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link relu}. */
    relu(): Tensor<D>
    /** See {@link sigmoid}. */
    sigmoid(): Tensor<D>
    /** See {@link tanh}. */
    tanh(): Tensor<D>
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
