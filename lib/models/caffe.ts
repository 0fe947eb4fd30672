import type { StateDict } from '../nn/state.js'
import { Fire, type SqueezeNet } from './squeezenet.js'

/**
 * SqueezeNet's weights under its authors' names for Caffe – `conv1`, `fire2.squeeze1x1` to `fire9.expand3x3`, `conv10`, each
 * `.weight` and `.bias` – under torchvision's, for `model.loadStateDict`. What has another name keeps it, so that
 * `loadStateDict` reports it.
 *
 * Caffe's networks were trained on images of blue, green and red, 0 … 255, minus their means 104, 117 and 123.
 *
 * ```ts
 * const model = models.squeezenet1_1()
 * model.loadStateDict(models.fromCaffe(model, await io.loadSafetensors('squeezenet1.1.safetensors')))
 * ```
 */
export function fromCaffe(model: SqueezeNet, state: StateDict): StateDict {
  const layers = { conv1: 'features.0', conv10: 'classifier.1' } as Record<string, string>
  const fires = [...model.features.namedChildren()].filter(([, module]) => module instanceof Fire)
  for (const [i, [name]] of fires.entries())
    for (const [caffe, ours] of [
      ['squeeze1x1', 'squeeze'],
      ['expand1x1', 'expand1x1'],
      ['expand3x3', 'expand3x3'],
    ])
      layers[`fire${i + 2}.${caffe}`] = `features.${name}.${ours}`
  return Object.fromEntries(
    Object.entries(state).map(([name, tensor]) => {
      const [, layer, kind] = /^(.*)\.(weight|bias)$/.exec(name) ?? []
      const ours = layer !== undefined && Object.hasOwn(layers, layer) ? layers[layer] : undefined
      return [ours === undefined ? name : `${ours}.${kind}`, tensor]
    }),
  )
}
