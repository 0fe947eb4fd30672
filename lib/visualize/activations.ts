import { noGrad } from '../autograd.js'
import type { Module } from '../nn/module.js'
import { checkTensor } from '../ops/check.js'
import { scope } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { type LayerLike, leaves, watchLayers } from './layers.js'

/**
 * What layers put out for an input, in evaluation mode: torchvision's `create_feature_extractor` for one run.
 *
 * @param input as the model takes it
 * @param layers default: all that have no layers below them; those that a run does not reach are left out
 * @returns off the tape, by path, in the order of the calls
 * @throws {RangeError} when a layer is none of the model's
 */
export function activations(
  model: Module,
  input: Tensor,
  layers: readonly LayerLike[] = leaves(model),
): Record<string, Tensor> {
  checkTensor('activations', 'input', input)
  return scope(() => noGrad(() => Object.fromEntries(watchLayers('activations', model, input, layers).seen)))
}
