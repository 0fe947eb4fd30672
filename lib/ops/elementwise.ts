import { alloc, allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { describe, DTypeError, ShapeError } from '../errors.js'
import { kernels, pack } from '../native.js'
import { MAX_RANK, physicalOrder, sameShape, showShape, stridesOf, type Layout, type Shape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { checkFloats, checkSameDevice, checkTensor } from './check.js'
import { promoted } from './precision.js'
import { sum } from './reduce.js'
import { reshape } from './shape.js'

/** A tensor, or a number that stands for a scalar tensor. */
export type Operand = Tensor | number

/**
 * The shape of an elementwise result by NumPy's rule: aligned at the last dimension, sizes are equal or one of them is 1.
 * @throws {ShapeError}
 */
function broadcastShape(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const [m, n] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1]
    if (m !== n && m !== 1 && n !== 1)
      throw new ShapeError(`${op}: expected shapes that broadcast together, got ${showShape(a)} and ${showShape(b)}`)
    return m === 1 ? n : m
  })
}

/** x's stride along each dimension of a broadcast shape, in the result's memory order; 0 where it is repeated. */
function broadcastStrides(x: Tensor, shape: Shape, order: readonly number[]): number[] {
  const strides = stridesOf(x.shape, x.layout)
  const words = new Array<number>(MAX_RANK).fill(0)
  order.forEach((d, i) => {
    const at = d - shape.length + x.rank
    words[i] = at < 0 || x.shape[at] === 1 ? 0 : strides[at]!
  })
  return words
}

const dense = (size: number): number[] => {
  const words = new Array<number>(1 + 3 * MAX_RANK).fill(0)
  words[0] = words[1 + MAX_RANK] = words[1 + 2 * MAX_RANK] = 1
  words[1] = size
  return words
}

/** native/geometry.h's Broadcast. */
function broadcast(a: Tensor, b: Tensor, shape: Shape, layout: Layout): number[] {
  if (a.size === b.size && a.layout === b.layout && sameShape(a.shape, b.shape)) return dense(a.size)
  const order = physicalOrder(shape.length, layout)
  const dims = new Array<number>(MAX_RANK).fill(0)
  order.forEach((d, i) => (dims[i] = shape[d]!))
  return [shape.length, ...dims, ...broadcastStrides(a, shape, order), ...broadcastStrides(b, shape, order)]
}

/** The result lies as its largest operand. */
const resultLayout = (a: Tensor, b: Tensor, shape: Shape): Layout =>
  sameShape(a.shape, shape) ? a.layout : sameShape(b.shape, shape) ? b.layout : 'rowMajor'

/** Both operands as tensors; a number takes the other's dtype and device. */
function operands(op: string, a: Operand, b: Operand): [Tensor, Tensor] {
  if (typeof a === 'number') {
    checkTensor(op, 'b', b)
    return [scalar(op, a, b), b]
  }
  checkTensor(op, 'a', a)
  if (typeof b === 'number') return [a, scalar(op, b, a)]
  checkTensor(op, 'b', b)
  return promoted(a, b)
}

function scalar(op: string, value: number, like: Tensor): Tensor {
  const y = alloc(op, [], like.dtype, like.device)
  kernels.fill(1, value, y.handle)
  return y
}

/** The gradient of a broadcast operand: summed over the dimensions along which it was repeated. */
function unbroadcast(dy: Tensor, shape: Shape): Tensor {
  if (sameShape(dy.shape, shape)) return dy
  const extra = dy.rank - shape.length
  const dims = dy.shape.map((_, d) => d).filter((d) => d < extra || (shape[d - extra] === 1 && dy.shape[d] !== 1))
  return reshape(sum(dy, dims, { keepDim: true }), shape)
}

type BinaryKernel = 'add' | 'sub' | 'mul' | 'div'

function binary(op: BinaryKernel, a: Tensor, b: Tensor): Tensor {
  checkFloats(op, { a, b })
  const shape = broadcastShape(op, a.shape, b.shape)
  const y = allocLike(op, a, shape, { layout: resultLayout(a, b, shape) })
  if (y.size > 0) kernels[op](pack(broadcast(a, b, shape, y.layout)), a.handle, b.handle, y.handle)
  return y
}

/** a + b, broadcasting as NumPy. @throws {ShapeError} {@link DTypeError} {@link DeviceError} */
export function add(a: Operand, b: Operand): Tensor {
  const [x, z] = operands('add', a, b)
  const [xShape, zShape] = [x.shape, z.shape]
  return record('add', binary('add', x, z), [x, z], [], (dy, needs) => [
    needs[0] && unbroadcast(dy, xShape),
    needs[1] && unbroadcast(dy, zShape),
  ])
}

/** a − b, broadcasting as NumPy. @throws {ShapeError} {@link DTypeError} {@link DeviceError} */
export function sub(a: Operand, b: Operand): Tensor {
  const [x, z] = operands('sub', a, b)
  const [xShape, zShape] = [x.shape, z.shape]
  return record('sub', binary('sub', x, z), [x, z], [], (dy, needs) => [
    needs[0] && unbroadcast(dy, xShape),
    needs[1] && scale(unbroadcast(dy, zShape), -1),
  ])
}

/** a · b elementwise, broadcasting as NumPy. @throws {ShapeError} {@link DTypeError} {@link DeviceError} */
export function mul(a: Operand, b: Operand): Tensor {
  const [x, z] = operands('mul', a, b)
  return record('mul', binary('mul', x, z), [x, z], [x, z], (dy, needs, [x, z]) => [
    needs[0] && unbroadcast(mul(dy, z), x.shape),
    needs[1] && unbroadcast(mul(dy, x), z.shape),
  ])
}

/** a / b, broadcasting as NumPy. @throws {ShapeError} {@link DTypeError} {@link DeviceError} */
export function div(a: Operand, b: Operand): Tensor {
  const [x, z] = operands('div', a, b)
  return record('div', binary('div', x, z), [x, z], [x, z], (dy, needs, [x, z]) => [
    needs[0] && unbroadcast(div(dy, z), x.shape),
    needs[1] && scale(unbroadcast(div(mul(dy, x), mul(z, z)), z.shape), -1),
  ])
}

/** −x. */
export function neg(x: Tensor): Tensor {
  checkFloats('neg', { x })
  return scale(x, -1)
}

/** factor · x, for a number. */
export function scale(x: Tensor, factor: number): Tensor {
  checkFloats('scale', { x })
  if (typeof factor !== 'number') throw new TypeError(`scale: expected a number, got ${describe(factor)}`)
  const y = allocLike('scale', x)
  kernels.scale(x.size, factor, x.handle, y.handle)
  return record('scale', y, [x], [], (dy) => [scale(dy, factor)])
}

/**
 * Where a equals b: uint8, 1 or 0, broadcasting as NumPy. Takes any dtype, the same for both.
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError}
 */
export function eq(a: Operand, b: Operand): Tensor {
  const [x, z] = operands('eq', a, b)
  if (x.dtype !== z.dtype) throw new DTypeError(`eq: expected b of dtype ${x.dtype} as a, got ${z.dtype}`)
  checkSameDevice('eq', 'a', x, 'b', z)
  const shape = broadcastShape('eq', x.shape, z.shape)
  const y = allocLike('eq', x, shape, { dtype: 'uint8', layout: resultLayout(x, z, shape) })
  if (y.size > 0) kernels.eq(pack(broadcast(x, z, shape, y.layout)), x.handle, z.handle, y.handle)
  return y
}

declare module '../tensor.js' {
  interface Tensor {
    /** See {@link add}. */
    add(other: Operand): Tensor
    /** See {@link sub}. */
    sub(other: Operand): Tensor
    /** See {@link mul}. */
    mul(other: Operand): Tensor
    /** See {@link div}. */
    div(other: Operand): Tensor
    /** See {@link neg}. */
    neg(): Tensor
    /** See {@link eq}. */
    eq(other: Operand): Tensor
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
Tensor.prototype.neg = function () {
  return neg(this)
}
Tensor.prototype.eq = function (other) {
  return eq(this, other)
}
