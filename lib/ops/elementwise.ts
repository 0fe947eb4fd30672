import { alloc, checkSize, madeLike } from '../alloc.js'
import { recording } from '../capture/recording.js'
import { isTracked, record } from '../autograd.js'
import { isFloat, type DType } from '../dtype.js'
import type { Kernels } from '../kernels.js'
import { kernels, pack } from '../native.js'
import { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import {
  broadcastShape,
  broadcastWords,
  type Operand,
  operands,
  resultLayout,
  scalar,
  unbroadcast,
} from './broadcast.js'
import { checkFloats } from './check.js'
import { eq, gt, lt, where } from './compare.js'
import { raised } from './precision.js'
import { log, scale } from './unary.js'

type BinaryKernel = Kernels['add']

function binary(op: string, kernel: BinaryKernel, a: Tensor, b: Tensor): Tensor {
  if (a.dtype !== b.dtype || a.device !== b.device || !isFloat(a.dtype)) checkFloats(op, { a, b })
  const shape = broadcastShape(op, a.shape, b.shape)
  const layout = resultLayout(a, b, shape)
  const y =
    checkSize(op, shape) > 0
      ? madeLike(op, kernel(pack(broadcastWords(a, b, shape, layout)), a.handle, b.handle, 0), a, shape, layout)
      : alloc(op, shape, a.dtype, a.device, layout)
  tracer?.op(op, y, [a, b])
  return y
}

/** Runs the kernel and, where gradients are asked for, notes how they come back. */
function differentiable(
  op: string,
  kernel: BinaryKernel,
  x: Tensor,
  z: Tensor,
  note: (y: Tensor, x: Tensor, z: Tensor) => Tensor,
): Tensor {
  const y = binary(op, kernel, x, z)
  return isTracked(x, z) ? note(y, x, z) : y
}

/** a + b, broadcasting as NumPy. @throws {ShapeError} {@link DTypeError} {@link DeviceError} */
export function add(a: Operand, b: Operand): Tensor {
  const [x, z] = operands('add', a, b)
  const folded = recording()?.folding?.add(x, z)
  if (folded) return folded
  return differentiable('add', kernels.add, x, z, recordAdd)
}

function recordAdd(y: Tensor, x: Tensor, z: Tensor): Tensor {
  const [xShape, zShape] = [x.shape, z.shape]
  return record('add', y, [x, z], [], (dy, needs) => [
    needs[0] && unbroadcast(dy, xShape),
    needs[1] && unbroadcast(dy, zShape),
  ])
}

/** a − b, broadcasting as NumPy. @throws {ShapeError} {@link DTypeError} {@link DeviceError} */
export function sub(a: Operand, b: Operand): Tensor {
  return differentiable('sub', kernels.sub, ...operands('sub', a, b), recordSub)
}

function recordSub(y: Tensor, x: Tensor, z: Tensor): Tensor {
  const [xShape, zShape] = [x.shape, z.shape]
  return record('sub', y, [x, z], [], (dy, needs) => [
    needs[0] && unbroadcast(dy, xShape),
    needs[1] && scale(unbroadcast(dy, zShape), -1),
  ])
}

/** a · b elementwise, broadcasting as NumPy. @throws {ShapeError} {@link DTypeError} {@link DeviceError} */
export function mul(a: Operand, b: Operand): Tensor {
  return differentiable('mul', kernels.mul, ...operands('mul', a, b), recordMul)
}

function recordMul(y: Tensor, x: Tensor, z: Tensor): Tensor {
  return record('mul', y, [x, z], [x, z], (dy, needs, [x, z]) => [
    needs[0] && unbroadcast(mul(dy, z), x.shape),
    needs[1] && unbroadcast(mul(dy, x), z.shape),
  ])
}

/** a / b, broadcasting as NumPy. @throws {ShapeError} {@link DTypeError} {@link DeviceError} */
export function div(a: Operand, b: Operand): Tensor {
  return differentiable('div', kernels.div, ...operands('div', a, b), recordDiv)
}

function recordDiv(y: Tensor, x: Tensor, z: Tensor): Tensor {
  const { shape } = x
  // −dy·y/z, since z² overflows long before what is divided by it does.
  return record('div', y, [x, z], [z, z.requiresGrad ? y : undefined], (dy, needs, [z, y]) => [
    needs[0] && unbroadcast(div(dy, z), shape),
    needs[1] && scale(unbroadcast(mul(dy, div(y!, z)), z.shape), -1),
  ])
}

/**
 * a^b elementwise, broadcasting as NumPy; NaN for a negative a and a broken b.
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError}
 */
export function pow(a: Operand, b: Operand): Tensor {
  return differentiable('pow', kernels.pow, ...raised(...operands('pow', a, b)), recordPow)
}

function recordPow(y: Tensor, x: Tensor, z: Tensor): Tensor {
  return record('pow', y, [x, z], [x, z, y], (dy, needs, [x, z, y]) => {
    const none = scalar('pow', 0, dy)
    // b·a^(b−1) is 0 for b = 0, and a^b·log a for a = 0 ≤ b, though the one's power and the other's logarithm are infinite.
    const slope = () => where(eq(z, 0), none, mul(z, pow(x, sub(z, 1))))
    const growth = () => {
      const product = mul(y, log(x))
      return where(eq(x, 0), where(lt(z, 0), product, none), product)
    }
    return [needs[0] && unbroadcast(mul(dy, slope()), x.shape), needs[1] && unbroadcast(mul(dy, growth()), z.shape)]
  })
}

/**
 * The larger of a and b, broadcasting as NumPy; NaN where either is. Equal ones share the gradient; beside
 * NaN, as in PyTorch, neither is smaller and both receive all of it.
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError}
 */
export const maximum = (a: Operand, b: Operand): Tensor => extremum('maximum', kernels.maximum, a, b, gt)

/** The smaller of a and b; see {@link maximum}. */
export const minimum = (a: Operand, b: Operand): Tensor => extremum('minimum', kernels.minimum, a, b, lt)

function extremum(op: string, kernel: BinaryKernel, a: Operand, b: Operand, beats: typeof gt): Tensor {
  const [x, z] = operands(op, a, b)
  return record(op, binary(op, kernel, x, z), [x, z], [x, z], (dy, needs, [x, z]) => {
    const rest = where(eq(x, z), scale(dy, 0.5), dy)
    const none = scalar(op, 0, dy)
    return [
      needs[0] && unbroadcast(where(beats(z, x), none, rest), x.shape),
      needs[1] && unbroadcast(where(beats(x, z), none, rest), z.shape),
    ]
  })
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link add}. */
    add(other: Operand): Tensor<D>
    /** See {@link sub}. */
    sub(other: Operand): Tensor<D>
    /** See {@link mul}. */
    mul(other: Operand): Tensor<D>
    /** See {@link div}. */
    div(other: Operand): Tensor<D>
    /** See {@link pow}. */
    pow(exponent: Operand): Tensor<D>
    /** See {@link maximum}. */
    maximum(other: Operand): Tensor<D>
    /** See {@link minimum}. */
    minimum(other: Operand): Tensor<D>
  }
}
Tensor.prototype.add = function (other) {
  return add(this, other)
}
Tensor.prototype.sub = function (other) {
  return sub(this, other)
}
Tensor.prototype.mul = function (other) {
  return mul(this, other)
}
Tensor.prototype.div = function (other) {
  return div(this, other)
}
Tensor.prototype.pow = function (exponent) {
  return pow(this, exponent)
}
Tensor.prototype.maximum = function (other) {
  return maximum(this, other)
}
Tensor.prototype.minimum = function (other) {
  return minimum(this, other)
}
