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
  const old = [...model.modules()].findLast((module) => module instanceof Linear || module instanceof Conv2d)
  if (!old || old === model)
    throw new TypeError(
      `fineTune: expected a model with a linear or convolution layer in it, got ${model.constructor.name}`,
    )
  const head = likewise(old, numClasses, generator)
  replaceLayer(model, old, head)
  return head
}

/** Puts a layer in the place of another, wherever that stands below the model. */
export function replaceLayer(model: Module, old: Module, layer: Module): void {
  for (const owner of model.modules())
    for (const [name, child] of [...ownModules(owner)]) if (child === old) put(owner, name, layer)
}

/** Names of modules in arrays are those of the field and the place: 'blocks.0'. */
function put(owner: Module, name: string, layer: Module): void {
  const keys = name.split('.')
  const last = keys.pop()!
  const holder = keys.reduce<object>((value, key) => (value as Record<string, object>)[key]!, owner)
  Object.assign(holder, { [last]: layer })
}

/** A layer of the same inputs, and on the same device. */
function likewise(old: Head, numClasses: number, generator?: Generator): Head {
  const { device, dtype } = old.weight
  const options = { bias: old.bias !== undefined, device, dtype, generator }
  if (old instanceof Linear) return new Linear(old.inFeatures, numClasses, options)
  const { inChannels, kernelSize, stride, padding, dilation } = old
  return new Conv2d(inChannels, numClasses, kernelSize, { ...options, stride, padding, dilation })
}
