import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { DTypeError } from '../errors.js'
import { kernels, pack } from '../native.js'
import { isFloat, type DType } from '../dtype.js'
import { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import {
  broadcastShape,
  broadcastWords,
  type Operand,
  operands,
  repeated,
  resultLayout,
  scalar,
  unbroadcast,
} from './broadcast.js'
import { boundsOf, checkDType, checkHolds, checkSameDevice, checkTensor } from './check.js'

type Comparison = 'eq' | 'ne' | 'lt' | 'le'

/** kernel(a, b), or kernel(b, a) for an op that is the same the other way round. */
function compare(op: string, kernel: Comparison, a: Operand, b: Operand, swapped = false): Tensor {
  if (typeof a === 'number' && b instanceof Tensor) return compareNumber(op, kernel, b, a, !swapped)
  if (typeof b === 'number' && a instanceof Tensor) return compareNumber(op, kernel, a, b, swapped)
  return compareTensors(op, kernel, ...operands(op, a, b), swapped)
}

/** kernel(x, value) or, if the number comes first, kernel(value, x); exact also for integers and broken numbers. */
function compareNumber(op: string, kernel: Comparison, x: Tensor, value: number, first: boolean): Tensor {
  checkTensor(op, 'tensor', x)
  const bounds = boundsOf(x.dtype)
  const other = bounds ? exactly(bounds, kernel, value, first) : value
  if (typeof other === 'number') return compareTensors(op, kernel, x, scalar(op, other, x), first)
  const y = allocLike(op, x, x.shape, { dtype: 'uint8' })
  kernels.fill(y.size, Number(other), y.handle)
  tracer?.constant(y)
  return y
}

/** The integer with which the comparison is the same, or what is so of all integers of a dtype. */
function exactly(
  [least, greatest]: readonly [number, number],
  kernel: Comparison,
  value: number,
  first: boolean,
): number | boolean {
  if (kernel === 'eq' || kernel === 'ne')
    return Number.isInteger(value) && value >= least && value <= greatest ? value : kernel === 'ne'
  if (Number.isNaN(value)) return false
  // x < 0.5 as x < 1, 0.5 ≤ x as 1 ≤ x; x ≤ 0.5 as x ≤ 0, 0.5 < x as 0 < x.
  const whole = (kernel === 'lt') !== first ? Math.ceil(value) : Math.floor(value)
  if (whole > greatest) return !first
  return whole < least ? first : whole
}

function compareTensors(op: string, kernel: Comparison, x: Tensor, z: Tensor, swapped: boolean): Tensor {
  checkAlike(op, x, z)
  const shape = broadcastShape(op, x.shape, z.shape)
  const y = allocLike(op, x, shape, { dtype: 'uint8', layout: resultLayout(x, z, shape) })
  const [left, right] = swapped ? [z, x] : [x, z]
  if (y.size > 0)
    kernels[kernel](pack(broadcastWords(left, right, shape, y.layout)), left.handle, right.handle, y.handle)
  tracer?.op(kernel, y, [left, right])
  return y
}

function checkAlike(op: string, a: Tensor, b: Tensor): void {
  if (a.dtype !== b.dtype) throw new DTypeError(`${op}: expected b of dtype ${a.dtype} as a, got ${b.dtype}`)
  checkSameDevice(op, 'a', a, 'b', b)
}

/**
 * Where a = b: uint8, 1 or 0, broadcasting as NumPy. Takes any dtype, the same for both, and numbers, with
 * which integers are compared as they are: 0 < 0.5. NaN equals nothing.
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError}
 */
export const eq = (a: Operand, b: Operand): Tensor<'uint8'> => compare('eq', 'eq', a, b)

/** Where a ≠ b; see {@link eq}. */
export const ne = (a: Operand, b: Operand): Tensor<'uint8'> => compare('ne', 'ne', a, b)

/** Where a < b; see {@link eq}. */
export const lt = (a: Operand, b: Operand): Tensor<'uint8'> => compare('lt', 'lt', a, b)

/** Where a ≤ b; see {@link eq}. */
export const le = (a: Operand, b: Operand): Tensor<'uint8'> => compare('le', 'le', a, b)

/** Where a > b; see {@link eq}. */
export const gt = (a: Operand, b: Operand): Tensor<'uint8'> => compare('gt', 'lt', a, b, true)

/** Where a ≥ b; see {@link eq}. */
export const ge = (a: Operand, b: Operand): Tensor<'uint8'> => compare('ge', 'le', a, b, true)

/**
 * a where the condition is not 0, else b; the three broadcast together as NumPy. Gradients go to where the values came
 * from.
 *
 * @param condition uint8
 * @param a of any dtype, the same as b; one of the two may be a number
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError}
 * @throws {RangeError} for a number that the other's dtype does not hold
 */
export function where(condition: Tensor<'uint8'>, a: Operand, b: Operand): Tensor {
  checkTensor('where', 'condition', condition)
  checkDType('where', 'condition', condition, 'uint8')
  if (a instanceof Tensor) checkHolds('where', 'b', b, a.dtype)
  if (b instanceof Tensor) checkHolds('where', 'a', a, b.dtype)
  const [x, z] = operands('where', a, b)
  checkAlike('where', x, z)
  checkSameDevice('where', 'condition', condition, 'a', x)
  const shape = broadcastShape('where', broadcastShape('where', x.shape, z.shape), condition.shape)
  const layout = resultLayout(x, z, shape)
  const choice = repeated(condition, shape, layout)
  const [left, right] = [repeated(x, shape, layout), repeated(z, shape, layout)]
  const y = allocLike('where', left)
  kernels.where(y.size, choice.handle, left.handle, right.handle, y.handle)
  tracer?.op('where', y, [condition, x, z])
  if (!isFloat(y.dtype)) return y
  const [xShape, zShape] = [x.shape, z.shape]
  return record('where', y, [x, z], [choice], (dy, needs, [choice]) => {
    const none = scalar('where', 0, dy)
    return [
      needs[0] && unbroadcast(where(choice, dy, none), xShape),
      needs[1] && unbroadcast(where(choice, none, dy), zShape),
    ]
  })
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link eq}. */
    eq(other: Operand): Tensor<'uint8'>
    /** See {@link ne}. */
    ne(other: Operand): Tensor<'uint8'>
    /** See {@link lt}. */
    lt(other: Operand): Tensor<'uint8'>
    /** See {@link le}. */
    le(other: Operand): Tensor<'uint8'>
    /** See {@link gt}. */
    gt(other: Operand): Tensor<'uint8'>
    /** See {@link ge}. */
    ge(other: Operand): Tensor<'uint8'>
    /** x.where(condition, other): {@link where}(condition, x, other). */
    where(condition: Tensor<'uint8'>, other: Operand): Tensor<D>
  }
}
Tensor.prototype.eq = function (other) {
  return eq(this, other)
}
Tensor.prototype.ne = function (other) {
  return ne(this, other)
}
Tensor.prototype.lt = function (other) {
  return lt(this, other)
}
Tensor.prototype.le = function (other) {
  return le(this, other)
}
Tensor.prototype.gt = function (other) {
  return gt(this, other)
}
Tensor.prototype.ge = function (other) {
  return ge(this, other)
}
Tensor.prototype.where = function (condition, other) {
  return where(condition, this, other)
}
