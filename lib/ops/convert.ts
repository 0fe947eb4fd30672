import { alloc, allocLike, share } from '../alloc.js'
import { record } from '../autograd.js'
import { isDevice, parseDevice, type DeviceLike } from '../device.js'
import { isDType, isFloat, type DType } from '../dtype.js'
import { describe, DTypeError } from '../errors.js'
import { kernels, native } from '../native.js'
import { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkTensor } from './check.js'

/**
 * x in another dtype. Floats are truncated towards zero and clamped to the range of an integer dtype; NaN becomes 0.
 * Gradients pass between float dtypes.
 */
export function cast<D extends DType>(x: Tensor, dtype: D): Tensor<D> {
  checkTensor('cast', 'x', x)
  if (!isDType(dtype)) throw new DTypeError(`cast: expected a dtype, got ${describe(dtype)}`)
  if (dtype === x.dtype) return x
  const y = allocLike('cast', x, x.shape, { dtype })
  kernels.cast(x.size, x.handle, y.handle)
  const before = x.dtype
  tracer?.op('cast', y, [x])
  return isFloat(dtype) && isFloat(before) ? record('cast', y, [x], [], (dy) => [cast(dy, before)]) : y
}

/** A copy with memory of its own. Gradients pass. */
export function clone<D extends DType>(x: Tensor<D>): Tensor<D> {
  checkTensor('clone', 'x', x)
  const y = allocLike('clone', x)
  kernels.cast(x.size, x.handle, y.handle)
  tracer?.op('identity', y, [x])
  return record('clone', y, [x], [], (dy) => [dy])
}

/** x on a device; x itself when it is there. Gradients pass. */
export function toDevice<D extends DType>(x: Tensor<D>, device: DeviceLike): Tensor<D> {
  checkTensor('to', 'x', x)
  const target = parseDevice(device)
  if (target === x.device) return x
  const y = alloc('to', x.shape, x.dtype, target, x.layout)
  native.transfer(x.handle, y.handle)
  const before = x.device
  tracer?.op('identity', y, [x])
  return record('to', y, [x], [], (dy) => [toDevice(dy, before)])
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link clone}. */
    clone(): Tensor<D>
    /** The same memory off the tape: no gradients flow back from here. */
    detach(): Tensor<D>
    /** On a device, or in a dtype; itself when it is so already. See {@link toDevice} and {@link cast}. */
    to<E extends DType>(dtype: E): Tensor<E>
    /** On a device. */
    to(device: DeviceLike): Tensor<D>
    /** On a device, or in a dtype. */
    to(target: DeviceLike | DType): Tensor
  }
}
Tensor.prototype.clone = function () {
  return clone(this)
}
Tensor.prototype.detach = function (this: Tensor) {
  const y = share('detach', this, this.shape, this.layout)
  tracer?.op('identity', y, [this])
  return y
}
Tensor.prototype.to = function (this: Tensor, target: unknown): Tensor {
  if (isDType(target)) return cast(this, target)
  if (isDevice(target)) return toDevice(this, target)
  throw new TypeError(`to: expected a device or a dtype, got ${describe(target)}`)
}
