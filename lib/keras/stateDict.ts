import { describe, FormatError } from '../errors.js'
import { isModule } from '../nn/members.js'
import type { Module } from '../nn/module.js'
import type { StateDict } from '../nn/state.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { slotsOf } from './layouts.js'
import type { KerasWeights } from './manifest.js'

/** Options of {@link toStateDict}. */
export interface StateDictOptions {
  /** Keras' name of the layer that the module at a path is: `'block1.conv'` → `'block1_conv'`. Default: the path. */
  nameOf?: (path: string) => string
  /**
   * Linear layers, by path, whose input is a flattened image, and its shape [C, H, W]: Keras flattens H, W, C, so that the
   * columns of their weights are permuted.
   */
  flattened?: Readonly<Record<string, readonly number[]>>
}

/**
 * Keras weights as a state dict of a model of ours, whose modules are what Keras' layers are: kernels [H, W, in, out]
 * become [out, in, H, W], depthwise ones [H, W, C, M] become [C·M, 1, H, W], dense ones are transposed, gamma, beta and the
 * moving statistics of batch norm get PyTorch's names. What no module takes stays under Keras' name, so that
 * `loadStateDict` reports it.
 *
 * ```ts
 * const weights = await keras.loadWeights('mobilenet/model.json')
 * model.loadStateDict(keras.toStateDict(model, weights, { nameOf: (path) => path.replaceAll('.', '_') }))
 * ```
 *
 * @throws {FormatError} naming the weight, when it has another number of dimensions than Keras' has
 */
export function toStateDict(model: Module, weights: KerasWeights, options: StateDictOptions = {}): StateDict {
  if (!isModule(model)) throw new TypeError(`toStateDict: expected a module, got ${describe(model)}`)
  const { nameOf = (path: string) => path, flattened = {} } = options
  const index = new WeightIndex(weights)
  const state: StateDict = {}
  const used = new Set<string>()
  for (const [path, module] of model.namedModules())
    for (const slot of slotsOf(module)) {
      const name = index.find(nameOf(path), slot.keras)
      if (name === undefined) continue
      used.add(name)
      const image = slot.state === 'weight' ? flattened[path] : undefined
      const x = arranged(weights[name]!, name, image ? (x) => toChannelsFirst(slot.toOurs(x), 1, image) : slot.toOurs)
      state[path ? `${path}.${slot.state}` : slot.state] = x
    }
  for (const [name, x] of Object.entries(weights)) if (!used.has(name)) state[name] = x
  return state
}

/** Runs a change of layout, whose errors about shapes name the weight. */
export function arranged(x: Tensor, name: string, change: (x: Tensor) => Tensor): Tensor {
  try {
    return change(x)
  } catch (cause) {
    throw new FormatError(`${name}: expected a weight as Keras lays it out, got ${showShape(x.shape)}`, { cause })
  }
}

/** Along a dimension that holds a flattened image [C, H, W]: from Keras' order H, W, C to ours. */
export function toChannelsFirst(x: Tensor, dim: number, image: readonly number[]): Tensor {
  const [channels, ...sides] = image as [number, ...number[]]
  return reordered(x, dim, [...sides, channels], [sides.length, ...sides.keys()])
}

/** As `toChannelsFirst`, back. */
export function toChannelsLast(x: Tensor, dim: number, image: readonly number[]): Tensor {
  return reordered(x, dim, image, [...Array.from({ length: image.length - 1 }, (_, i) => i + 1), 0])
}

function reordered(x: Tensor, dim: number, sizes: readonly number[], order: readonly number[]): Tensor {
  const before = x.shape.slice(0, dim)
  const after = x.shape.slice(dim + 1)
  const dims = [...before.keys(), ...order.map((d) => dim + d), ...after.map((_, i) => dim + sizes.length + i)]
  return x
    .reshape([...before, ...sizes, ...after])
    .permute(...dims)
    .reshape(x.shape)
}

/** Finds weights as different writers name them: `conv1/kernel`, `conv1/kernel:0`, `model/conv1/kernel:0`. */
export class WeightIndex {
  readonly #names = new Map<string, string>()

  constructor(weights: KerasWeights) {
    const names = Object.keys(weights)
    const short = (name: string): string => name.replace(/:\d+$/, '')
    // The last two parts first, so that a name that fits as a whole wins.
    for (const name of names) this.#names.set(short(name).split('/').slice(-2).join('/'), name)
    for (const name of names) this.#names.set(short(name), name)
  }

  find(layer: string, weights: readonly string[]): string | undefined {
    for (const weight of weights) {
      const name = this.#names.get(`${layer}/${weight}`)
      if (name !== undefined) return name
    }
    return undefined
  }
}
