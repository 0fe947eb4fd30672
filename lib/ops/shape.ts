import { alloc, allocLike, share } from '../alloc.js'
import { isGradEnabled, record } from '../autograd.js'
import { isDevice, parseDevice, type DeviceLike } from '../device.js'
import { isDType, isFloat, type DType } from '../dtype.js'
import { AutogradError, describe, DTypeError, ShapeError } from '../errors.js'
import { readStrided, toLayout, toRowMajor, writeStrided } from '../layout.js'
import { kernels, native } from '../native.js'
import { checkDim, checkShape, sameShape, showShape, sizeOf, stridesOf, type Shape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { checkDType, checkSameDevice, checkShapeIs, checkTensor } from './check.js'
import { promoted } from './precision.js'

/** A shape with at most one −1, which takes what is left. */
function inferShape(op: string, size: number, shape: Shape): Shape {
  const known = shape.filter((d) => d !== -1)
  const rest = sizeOf(known)
  const whole = shape.every((d) => Number.isInteger(d) && d >= -1) && shape.length - known.length <= 1
  const inferred = shape.map((d) => (d === -1 ? size / rest : d))
  if (!whole || sizeOf(inferred) !== size || !inferred.every((d) => Number.isInteger(d)))
    throw new ShapeError(`${op}: expected a shape of ${size} elements, got ${showShape(shape)}`)
  return checkShape(op, inferred)
}

/**
 * The same elements in logical order under another shape; one −1 takes what is left. Shares memory where x is row-major.
 * @throws {ShapeError} when the shape does not hold as many elements
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensor('reshape', 'x', x)
  if (!Array.isArray(shape)) throw new TypeError(`reshape: expected a shape, got ${describe(shape)}`)
  const target = inferShape('reshape', x.size, shape)
  const source = sameShape(target, x.shape) ? x : toRowMajor(x)
  const { shape: before } = x
  const y = share('reshape', source, target, source.layout)
  return record('reshape', y, [source], [], (dy) => [reshape(dy, before)])
}

/**
 * Dimensions `start` to `end` (inclusive) as one.
 * @throws {ShapeError} when x has no such dimensions
 */
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  checkTensor('flatten', 'x', x)
  if (x.rank === 0) return reshape(x, [1])
  const [first, last] = [checkDim('flatten', start, x.rank), checkDim('flatten', end, x.rank)]
  if (first > last) throw new ShapeError(`flatten: expected start up to end, got ${start} and ${end}`)
  const middle = sizeOf(x.shape.slice(first, last + 1))
  return reshape(x, [...x.shape.slice(0, first), middle, ...x.shape.slice(last + 1)])
}

/**
 * The dimensions in another order, copied.
 * @param dims for each dimension of the result, x's
 * @throws {ShapeError} unless each dimension is named once
 */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  checkTensor('permute', 'x', x)
  const order = dims.map((d) => checkDim('permute', d, x.rank))
  if (order.length !== x.rank || new Set(order).size !== x.rank)
    throw new ShapeError(`permute: expected each of ${x.rank} dimensions once, got [${dims.join(', ')}]`)
  const strides = stridesOf(x.shape, x.layout)
  const shape = order.map((d) => x.shape[d]!)
  const y = allocLike('permute', x, shape, { layout: 'rowMajor' })
  readStrided(
    x,
    order.map((d) => strides[d]!),
    0,
    y,
  )
  return record('permute', y, [x], [], (dy) => [
    permute(
      dy,
      order.map((_, d) => order.indexOf(d)),
    ),
  ])
}

/** Two dimensions exchanged, copied. @throws {ShapeError} when x has no such dimensions */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  checkTensor('transpose', 'x', x)
  const [a, b] = [checkDim('transpose', dim0, x.rank), checkDim('transpose', dim1, x.rank)]
  return permute(
    x,
    x.shape.map((_, d) => (d === a ? b : d === b ? a : d)),
  )
}

/**
 * Elements `start` to `end` (exclusive) along a dimension; negative bounds count from the back, and bounds are clamped
 * as by Array.prototype.slice. Shares memory along the first dimension.
 * @throws {ShapeError} when x has no such dimension
 */
export function slice(x: Tensor, dim: number, start: number, end?: number): Tensor {
  checkTensor('slice', 'x', x)
  const axis = checkDim('slice', dim, x.rank)
  const size = x.shape[axis]!
  const bound = (value: number) => {
    if (!Number.isInteger(value)) throw new RangeError(`slice: expected whole bounds, got ${describe(value)}`)
    return Math.min(size, Math.max(0, value < 0 ? value + size : value))
  }
  const first = bound(start)
  const shape = x.shape.map((d, i) => (i === axis ? Math.max(0, bound(end ?? size) - first) : d))
  const strides = stridesOf(x.shape, x.layout)
  const offset = first * strides[axis]!
  let y: Tensor
  if (axis === 0) y = share('slice', x, shape, x.layout, sizeOf(shape) === 0 ? 0 : offset)
  else {
    y = allocLike('slice', x, shape)
    readStrided(x, strides, offset, y)
  }
  const { shape: before } = x
  return record('slice', y, [x], [], (dy) => {
    const dx = allocLike('slice', dy, before)
    kernels.fill(dx.size, 0, dx.handle)
    writeStrided(dy, dx, strides, offset)
    return [dx]
  })
}

/**
 * Tensors joined along a dimension.
 * @throws {ShapeError} unless they agree in all other dimensions
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  if (!Array.isArray(tensors) || tensors.length === 0)
    throw new TypeError(`cat: expected a non-empty array of tensors, got ${describe(tensors)}`)
  tensors.forEach((x, i) => checkTensor('cat', `tensors[${i}]`, x))
  const list = promoted(...(tensors as readonly Tensor[]))
  const first = list[0]!
  const axis = checkDim('cat', dim, first.rank)
  list.forEach((x, i) => {
    const name = `tensors[${i}]`
    if (x.rank !== first.rank || x.shape.some((d, j) => j !== axis && d !== first.shape[j]))
      throw new ShapeError(
        `cat: expected ${name} of shape [${first.shape.map((d, j) => (j === axis ? '*' : d)).join(', ')}], got ${showShape(x.shape)}`,
      )
    checkDType('cat', name, x, first.dtype)
    checkSameDevice('cat', 'tensors[0]', first, name, x)
  })
  const total = list.reduce((sum, x) => sum + x.shape[axis]!, 0)
  const y = allocLike(
    'cat',
    first,
    first.shape.map((d, i) => (i === axis ? total : d)),
  )
  const strides = stridesOf(y.shape, y.layout)
  const laid = list.map((x) => toLayout(x, y.layout))
  const starts: number[] = []
  let at = 0
  for (const x of laid) {
    writeStrided(x, y, strides, at * strides[axis]!)
    starts.push(at)
    at += x.shape[axis]!
  }
  return record('cat', y, laid, [], (dy, needs) =>
    starts.map((start, i) => needs[i] && slice(dy, axis, start, starts[i + 1] ?? total)),
  )
}

/**
 * x in another dtype. Floats are truncated towards zero and clamped to the range of an integer dtype; NaN becomes 0.
 * Gradients pass between float dtypes.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  checkTensor('cast', 'x', x)
  if (!isDType(dtype)) throw new DTypeError(`cast: expected a dtype, got ${describe(dtype)}`)
  if (dtype === x.dtype) return x
  const y = allocLike('cast', x, x.shape, { dtype })
  kernels.cast(x.size, x.handle, y.handle)
  const before = x.dtype
  return isFloat(dtype) && isFloat(before) ? record('cast', y, [x], [], (dy) => [cast(dy, before)]) : y
}

/** A copy with memory of its own. Gradients pass. */
export function clone(x: Tensor): Tensor {
  checkTensor('clone', 'x', x)
  const y = allocLike('clone', x)
  kernels.cast(x.size, x.handle, y.handle)
  return record('clone', y, [x], [], (dy) => [dy])
}

/** x on a device; x itself when it is there. Gradients pass. */
export function toDevice(x: Tensor, device: DeviceLike): Tensor {
  checkTensor('to', 'x', x)
  const target = parseDevice(device)
  if (target === x.device) return x
  const y = alloc('to', x.shape, x.dtype, target, x.layout)
  native.transfer(x.handle, y.handle)
  const before = x.device
  return record('to', y, [x], [], (dy) => [toDevice(dy, before)])
}

/**
 * Rows of x (entries along its first dimension) picked by index, for data sets; not differentiable.
 * @param indices int32 [M], or a JavaScript Int32Array
 * @throws {ExecutionError} on reading, when an index is out of range
 */
export function gatherRows(x: Tensor, indices: Tensor | Int32Array): Tensor {
  checkTensor('gatherRows', 'x', x)
  if (x.requiresGrad && isGradEnabled())
    throw new AutogradError('gatherRows: expected a tensor that requires no gradient; detach() it')
  if (x.rank === 0) throw new ShapeError('gatherRows: expected rows, got a scalar')
  let index: Tensor
  if (indices instanceof Int32Array) index = alloc('gatherRows', [indices.length], 'int32', x.device).copy_(indices)
  else {
    checkTensor('gatherRows', 'indices', indices)
    checkShapeIs('gatherRows', 'indices', indices, ['M'])
    checkDType('gatherRows', 'indices', indices, 'int32')
    checkSameDevice('gatherRows', 'x', x, 'indices', indices)
    index = indices
  }
  const [rows, ...row] = x.shape as [number, ...number[]]
  const y = allocLike('gatherRows', x, [index.size, ...row])
  kernels.gather_rows(rows, index.size, sizeOf(row), x.handle, index.handle, y.handle)
  if (index !== indices) index.dispose()
  return y
}

declare module '../tensor.js' {
  interface Tensor {
    /** See {@link reshape}. */
    reshape(shape: Shape): Tensor
    /** As {@link reshape}, with the sizes as arguments: `x.view(-1, 784)`. */
    view(...shape: number[]): Tensor
    /** See {@link flatten}. */
    flatten(start?: number, end?: number): Tensor
    /** See {@link permute}. */
    permute(...dims: number[]): Tensor
    /** See {@link transpose}. */
    transpose(dim0: number, dim1: number): Tensor
    /** See {@link slice}. */
    slice(dim: number, start: number, end?: number): Tensor
    /** See {@link clone}. */
    clone(): Tensor
    /** The same memory off the tape: no gradients flow back from here. */
    detach(): Tensor
    /** On a device, or in a dtype; itself when it is so already. See {@link toDevice} and {@link cast}. */
    to(target: DeviceLike | DType): Tensor
  }
}
Tensor.prototype.reshape = function (shape) {
  return reshape(this, shape)
}
Tensor.prototype.view = function (...shape) {
  return reshape(this, shape)
}
Tensor.prototype.flatten = function (start, end) {
  return flatten(this, start, end)
}
Tensor.prototype.permute = function (...dims) {
  return permute(this, dims)
}
Tensor.prototype.transpose = function (dim0, dim1) {
  return transpose(this, dim0, dim1)
}
Tensor.prototype.slice = function (dim, start, end) {
  return slice(this, dim, start, end)
}
Tensor.prototype.clone = function () {
  return clone(this)
}
Tensor.prototype.detach = function () {
  return share('detach', this, this.shape, this.layout)
}
Tensor.prototype.to = function (target) {
  if (isDType(target)) return cast(this, target)
  if (isDevice(target)) return toDevice(this, target)
  throw new TypeError(`to: expected a device or a dtype, got ${describe(target)}`)
}
