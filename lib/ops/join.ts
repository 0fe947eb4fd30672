import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import type { DType } from '../dtype.js'
import { describe, ShapeError } from '../errors.js'
import { toLayout, writeStrided } from '../layout.js'
import { checkDim, showShape, stridesOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkDType, checkSameDevice, checkShapeIs, checkTensor } from './check.js'
import { promoted } from './precision.js'
import { unsqueeze } from './shape.js'
import { slice } from './slice.js'

/** Tensors that become one, of one dtype and on one device. */
function operands(op: string, tensors: readonly Tensor[]): readonly Tensor[] {
  if (!Array.isArray(tensors) || tensors.length === 0)
    throw new TypeError(`${op}: expected a non-empty array of tensors, got ${describe(tensors)}`)
  tensors.forEach((x, i) => checkTensor(op, `tensors[${i}]`, x))
  const list = promoted(...(tensors as readonly Tensor[]))
  list.forEach((x, i) => {
    checkDType(op, `tensors[${i}]`, x, list[0]!.dtype)
    checkSameDevice(op, 'tensors[0]', list[0]!, `tensors[${i}]`, x)
  })
  return list
}

/**
 * Tensors joined along a dimension.
 * @throws {ShapeError} unless they agree in all other dimensions
 * @throws {DTypeError} {@link DeviceError} unless they have one dtype and device
 */
export function cat<D extends DType>(tensors: readonly Tensor<D>[], dim = 0): Tensor<D> {
  const list = operands('cat', tensors)
  const { shape, rank } = list[0]!
  const axis = checkDim('cat', dim, rank)
  list.forEach((x, i) => {
    if (x.rank !== rank || x.shape.some((d, j) => j !== axis && d !== shape[j]))
      throw new ShapeError(
        `cat: expected tensors[${i}] of shape [${shape.map((d, j) => (j === axis ? '*' : d)).join(', ')}], got ${showShape(x.shape)}`,
      )
  })
  return joined('cat', list, axis)
}

/**
 * Tensors of one shape side by side along a new dimension.
 * @throws {ShapeError} unless they have one shape, or when the result has no such dimension
 * @throws {DTypeError} {@link DeviceError} unless they have one dtype and device
 */
export function stack<D extends DType>(tensors: readonly Tensor<D>[], dim = 0): Tensor<D> {
  const list = operands('stack', tensors)
  const axis = checkDim('stack', dim, list[0]!.rank + 1)
  list.forEach((x, i) => checkShapeIs('stack', `tensors[${i}]`, x, list[0]!.shape))
  return joined(
    'stack',
    list.map((x) => unsqueeze(x, axis)),
    axis,
  )
}

function joined(op: string, list: readonly Tensor[], axis: number): Tensor {
  const first = list[0]!
  const total = list.reduce((sum, x) => sum + x.shape[axis]!, 0)
  const y = allocLike(op, first, first.shape.with(axis, total))
  const strides = stridesOf(y.shape, y.layout)
  const { layout } = y
  const laid = list.map((x) => toLayout(x, layout))
  const starts: number[] = []
  let at = 0
  for (const x of laid) {
    writeStrided(x, y, strides, at * strides[axis]!)
    starts.push(at)
    at += x.shape[axis]!
  }
  tracer?.op('cat', y, list, { axis })
  return record(op, y, laid, [], (dy, needs) =>
    starts.map((start, i) => needs[i] && slice(dy, axis, start, starts[i + 1] ?? total)),
  )
}
