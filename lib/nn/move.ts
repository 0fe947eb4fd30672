import { noGrad } from '../autograd.js'
import { type DeviceLike, isDevice } from '../device.js'
import { type DType, isFloat, isHalf } from '../dtype.js'
import { collectLater } from '../garbage.js'
import { Ownership } from '../ownership.js'
import { scope } from '../scope.js'
import type { Tensor } from '../tensor.js'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * Moves a leaf to a device, or converts it to a dtype if it is floating, and stays the same object: modules that share
 * it and optimizers that know it see the change. Its gradient goes with it.
 */
export function move(leaf: Tensor, target: DeviceLike | DType): void {
  if (!isDevice(target) && !isFloat(leaf.dtype)) return
  if (leaf.grad) move(leaf.grad, target)
  scope(() => noGrad(() => become(leaf, leaf.to(target))))
}

function become(leaf: Mutable<Tensor>, source: Tensor): void {
  if (source.storage === leaf.storage) return
  leaf.owner.release()
  leaf.owner = new Ownership(source.storage.retain())
  leaf.dtype = source.dtype
  leaf.device = source.device
  leaf.layout = source.layout
  collectLater(leaf as Tensor, 'to')
}

/** Overwrites a tensor with another's values, whatever dtype and device those have. Returns it. */
export function assign(to: Tensor, from: Tensor): Tensor {
  // float16 and bfloat16 exist on CUDA devices only.
  return scope(() => noGrad(() => to.copy_((isHalf(to.dtype) ? from.to(to.device) : from).to(to.dtype))))
}
