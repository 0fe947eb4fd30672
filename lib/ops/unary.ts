import { allocLike, madeLike } from '../alloc.js'
import { record } from '../autograd.js'
import type { DType } from '../dtype.js'
import { kernels } from '../native.js'
import { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkFloats, checkNumber } from './check.js'
import { div, mul } from './elementwise.js'
import { raised } from './precision.js'

function apply(op: 'exp' | 'log' | 'sqrt' | 'abs' | 'sign', x: Tensor): Tensor {
  checkFloats(op, { x })
  const y = madeLike(op, kernels[op](x.size, x.handle, 0), x)
  tracer?.op(op, y, [x])
  return y
}

/** e^x. */
export function exp<D extends DType>(x: Tensor<D>): Tensor<D> {
  ;[x] = raised(x)
  const y = apply('exp', x)
  return record('exp', y, [x], [y], (dy, _, [y]) => [mul(dy, y)])
}

/** The natural logarithm; −∞ at 0, NaN below. */
export function log<D extends DType>(x: Tensor<D>): Tensor<D> {
  ;[x] = raised(x)
  return record('log', apply('log', x), [x], [x], (dy, _, [x]) => [div(dy, x)])
}

/** √x; NaN below 0. */
export function sqrt<D extends DType>(x: Tensor<D>): Tensor<D> {
  const y = apply('sqrt', x)
  return record('sqrt', y, [x], [y], (dy, _, [y]) => [div(scale(dy, 0.5), y)])
}

/** |x|; its gradient at 0 is 0. */
export const abs = <D extends DType>(x: Tensor<D>): Tensor<D> =>
  record('abs', apply('abs', x), [x], [x], (dy, _, [x]) => [mul(dy, apply('sign', x))])

/** 1 above 0, −1 below, 0 at 0; its gradient is 0. */
export const sign = <D extends DType>(x: Tensor<D>): Tensor<D> =>
  record('sign', apply('sign', x), [x], [], (dy) => {
    const dx = allocLike('sign', dy)
    kernels.fill(dx.size, 0, dx.handle)
    return [dx]
  })

/** factor · x, for a number. */
export function scale<D extends DType>(x: Tensor<D>, factor: number): Tensor<D> {
  checkFloats('scale', { x })
  checkNumber('scale', 'factor', factor)
  const y = madeLike('scale', kernels.scale(x.size, factor, x.handle, 0), x)
  tracer?.op('mul', y, [x, factor])
  return record('scale', y, [x], [], (dy) => [scale(dy, factor)])
}

/** −x. */
export function neg<D extends DType>(x: Tensor<D>): Tensor<D> {
  checkFloats('neg', { x })
  return scale(x, -1)
}

/** x². */
export function square<D extends DType>(x: Tensor<D>): Tensor<D> {
  checkFloats('square', { x })
  return mul(x, x)
}

/**
 * min(max(x, least), greatest); NaN stays NaN. Gradients pass within the bounds, both included.
 * @param least default −∞
 * @param greatest default ∞; where it is below `least`, the result
 */
export const clamp = <D extends DType>(x: Tensor<D>, least = -Infinity, greatest = Infinity): Tensor<D> =>
  clampOf('clamp', x, least, greatest, false)

/** @internal clamp, whose gradients pass at the bounds themselves unless `strict`. */
export function clampOf(op: string, x: Tensor, least: number, greatest: number, strict: boolean): Tensor {
  checkFloats(op, { x })
  checkNumber(op, 'least', least)
  checkNumber(op, 'greatest', greatest)
  const y = madeLike(op, kernels.clamp(x.size, least, greatest, x.handle, 0), x)
  tracer?.op('clamp', y, [x], { least, greatest })
  return record(op, y, [x], [x], (dy, _, [x]) => [
    madeLike(op, kernels.clamp_backward(x.size, least, greatest, Number(strict), x.handle, dy.handle, 0), dy),
  ])
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link exp}. */
    exp(): Tensor<D>
    /** See {@link log}. */
    log(): Tensor<D>
    /** See {@link sqrt}. */
    sqrt(): Tensor<D>
    /** See {@link abs}. */
    abs(): Tensor<D>
    /** See {@link sign}. */
    sign(): Tensor<D>
    /** See {@link neg}. */
    neg(): Tensor<D>
    /** See {@link square}. */
    square(): Tensor<D>
    /** See {@link clamp}. */
    clamp(least?: number, greatest?: number): Tensor<D>
  }
}
Tensor.prototype.exp = function () {
  return exp(this)
}
Tensor.prototype.log = function () {
  return log(this)
}
Tensor.prototype.sqrt = function () {
  return sqrt(this)
}
Tensor.prototype.abs = function () {
  return abs(this)
}
Tensor.prototype.sign = function () {
  return sign(this)
}
Tensor.prototype.neg = function () {
  return neg(this)
}
Tensor.prototype.square = function () {
  return square(this)
}
Tensor.prototype.clamp = function (least, greatest) {
  return clamp(this, least, greatest)
}
