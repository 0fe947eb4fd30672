import { deviceIndex, isCuda, type Device } from './device.js'
import { infoOf, isHalf, type DType } from './dtype.js'
import { DTypeError, ShapeError } from './errors.js'
import type { Handle } from './kernels.js'
import { native } from './native.js'
import { own } from './scope.js'
import { showShape, sizeOf, type Layout, type Shape } from './shape.js'
import { Storage } from './storage.js'
import { Tensor } from './tensor.js'

// Bytes stay below 2^53.
const MAX_SIZE = 2 ** 49

/**
 * Uninitialised memory for the result of an op.
 * @throws {RangeError} ERR_OUT_OF_MEMORY when there is none
 * @throws {DTypeError} for float16 or bfloat16 on a CPU
 */
export function alloc(op: string, shape: Shape, dtype: DType, device: Device, layout: Layout = 'rowMajor'): Tensor {
  const size = checkSize(op, shape)
  if (isHalf(dtype) && !isCuda(device))
    throw new DTypeError(`${op}: expected a CUDA device for ${dtype}, got ${device}; CPUs take float32 and float64`)
  const handle = native.create(op, size, infoOf(dtype).id, deviceIndex(device))
  const tensor = unowned(handle, shape, dtype, device, layout)
  own(tensor, op)
  return tensor
}

/** The number of elements of a result. @throws {ShapeError} when there are too many */
export function checkSize(op: string, shape: Shape): number {
  const size = sizeOf(shape)
  if (size > MAX_SIZE) throw new ShapeError(`${op}: expected at most 2^49 elements, got ${showShape(shape)}`)
  return size
}

/** A tensor of memory that the native layer has just made. Whoever calls this owns or disposes it. */
export const unowned = (handle: Handle, shape: Shape, dtype: DType, device: Device, layout: Layout): Tensor =>
  new Tensor(new Storage(handle, sizeOf(shape) * infoOf(dtype).bytes), shape, dtype, device, layout)

/** The result of an op that the native layer has just made memory for, on x's device and of its dtype. */
export function madeLike(op: string, handle: Handle, x: Tensor, shape = x.shape, layout = x.layout): Tensor {
  const tensor = unowned(handle, shape, x.dtype, x.device, layout)
  own(tensor, op)
  return tensor
}

/** Memory for a result on x's device and, unless told otherwise, of x's dtype and layout (for equal rank). */
export function allocLike(
  op: string,
  x: Tensor,
  shape: Shape = x.shape,
  options: { dtype?: DType; layout?: Layout } = {},
): Tensor {
  const layout = options.layout ?? (shape.length === x.rank ? x.layout : 'rowMajor')
  return alloc(op, shape, options.dtype ?? x.dtype, x.device, layout)
}

/** Another tensor over x's memory, or a stretch of it. */
export function share(op: string, x: Tensor, shape: Shape, layout: Layout, offset = 0): Tensor {
  const size = sizeOf(shape)
  const storage =
    size === x.size
      ? x.storage.retain()
      : new Storage(native.view(x.handle, offset, size), 0, x.storage.base ?? x.storage)
  const tensor = new Tensor(storage, shape, x.dtype, x.device, layout)
  own(tensor, op)
  return tensor
}
