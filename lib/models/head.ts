import { Conv2d } from '../nn/conv.js'
import { Linear } from '../nn/linear.js'
import { ownModules } from '../nn/members.js'
import type { Module } from '../nn/module.js'
import type { Generator } from '../random.js'

/** What tells classes apart at the end of a network. */
export type Head = Linear | Conv2d

/**
 * Puts a layer with new weights, for so many classes, in the place of the model's last linear or convolution layer, in the
 * order of `namedModules`.
 * @throws {TypeError} when the model has none, or is one itself
 * @throws {RangeError} when numClasses is not a positive integer
 */
export function replaceHead(model: Module, numClasses: number, generator?: Generator): Head {
  let place: [owner: Module, name: string, head: Head] | undefined
  for (const owner of model.modules())
    for (const [name, child] of ownModules(owner))
      if (child instanceof Linear || child instanceof Conv2d) place = [owner, name, child]
  if (!place)
    throw new TypeError(`fineTune: expected a model with a linear or convolution layer, got ${model.constructor.name}`)
  const [owner, name, old] = place
  const head = likewise(old, numClasses, generator)
  Object.assign(owner, { [name]: head })
  return head
}

/** A layer of the same inputs, and on the same device. */
function likewise(old: Head, numClasses: number, generator?: Generator): Head {
  const { device, dtype } = old.weight
  const options = { bias: old.bias !== undefined, device, dtype, generator }
  if (old instanceof Linear) return new Linear(old.inFeatures, numClasses, options)
  const { inChannels, kernelSize, stride, padding, dilation } = old
  return new Conv2d(inChannels, numClasses, kernelSize, { ...options, stride, padding, dilation })
}
