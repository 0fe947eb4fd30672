import * as nn from '../../nn/activation.js'
import type { Module } from '../../nn/module.js'
import { LogSoftmax, Softmax } from '../../nn/softmax.js'
import type { Tensor } from '../../tensor.js'
import { wordOf } from '../fields.js'
import type { Builder, Layer, Made, Value } from '../layer.js'
import { ElementPReLU, HardSigmoid2 } from '../modules.js'
import { toChannelsFirst } from '../stateDict.js'

/** By Keras' names. Softmax goes over the channels, which ours have in front. */
const activations: Readonly<Record<string, (version: 2 | 3) => Module>> = {
  relu: () => new nn.ReLU(),
  relu6: () => new nn.ReLU6(),
  sigmoid: () => new nn.Sigmoid(),
  tanh: () => new nn.Tanh(),
  softmax: () => new Softmax(1),
  log_softmax: () => new LogSoftmax(1),
  elu: () => new nn.ELU(),
  selu: () => new nn.SELU(),
  gelu: () => new nn.GELU(),
  silu: () => new nn.SiLU(),
  swish: () => new nn.SiLU(),
  softplus: () => new nn.Softplus(),
  leaky_relu: () => new nn.LeakyReLU(0.2),
  hard_sigmoid: (version) => (version === 2 ? new HardSigmoid2() : new nn.Hardsigmoid()),
  hard_silu: () => new nn.Hardswish(),
  hard_swish: () => new nn.Hardswish(),
  hard_tanh: () => new nn.Hardtanh(),
}

/** A layer that keeps shapes and looks at each element alone, whatever the order. */
export const elementwise =
  (layer: Layer, module: Module, suffix = ''): Made =>
  (x) =>
    layer.call(module, [x], x.shape, suffix, x.image)

/** As `elementwise`, of modules that only read their configuration. */
export const simple =
  (make: (layer: Layer) => Module): Builder =>
  (layer) =>
    elementwise(layer, make(layer))

/** The function that a layer ends with: `activation` of its configuration. */
export function activated(layer: Layer, suffix = '_activation'): Made {
  const { fields, sources } = layer
  const word = wordOf(fields.values.activation ?? 'linear')
  if (word === 'linear') return (x) => x
  if (typeof word !== 'string' || !Object.hasOwn(activations, word))
    return fields.fail('activation', `one of linear, ${Object.keys(activations).join(', ')}`)
  return elementwise(layer, activations[word]!(sources.version), suffix)
}

const relu: Builder = (layer) => {
  const { fields } = layer
  const slope = fields.number('negative_slope', 0)
  if (fields.number('threshold', 0) !== 0) fields.fail('threshold', '0')
  if (!fields.has('max_value')) return elementwise(layer, slope === 0 ? new nn.ReLU() : new nn.LeakyReLU(slope))
  const most = fields.number('max_value')
  if (slope !== 0) fields.fail('negative_slope', '0 beside a max_value')
  return elementwise(layer, most === 6 ? new nn.ReLU6() : new nn.Hardtanh(0, most))
}

const softmax: Builder = (layer, x) => {
  const { fields } = layer
  const axis = fields.number('axis', -1)
  if (axis !== -1 && axis !== x.shape.length) fields.fail('axis', 'the last one')
  return elementwise(layer, new Softmax(1))
}

/** A weight for each channel where all other axes share it, else for each element. */
const prelu: Builder = (layer, x) => {
  const { fields } = layer
  const shared = new Set(fields.has('shared_axes') ? [fields.values.shared_axes].flat() : [])
  const shape = x.shape.map((n, i) => (shared.has(i + 1) ? 1 : (n ?? layer.fail('known sizes', x.shape))))
  layer.expect([['alpha', shape]])
  const channels = shape.at(-1)!
  if (shape.slice(0, -1).every((n) => n === 1)) {
    const module = new nn.PReLU({ numParameters: channels, init: 0 })
    layer.load(module, (alpha) => ordered(alpha, x))
    return elementwise(layer, module)
  }
  const module = new ElementPReLU([channels, ...shape.slice(0, -1)])
  layer.load(module)
  return elementwise(layer, module)
}

/** A vector of weights for the elements of a flattened image, in our order. */
export const ordered = (weights: Tensor, { image }: Value): Tensor =>
  image ? toChannelsFirst(weights, 0, image) : weights

export const activationLayers: Readonly<Record<string, Builder>> = {
  Activation: (layer) => activated(layer, ''),
  ReLU: relu,
  LeakyReLU: (layer) => {
    const { fields } = layer
    const slope = fields.number(fields.has('alpha') ? 'alpha' : 'negative_slope', 0.3)
    return elementwise(layer, new nn.LeakyReLU(slope))
  },
  ELU: (layer) => elementwise(layer, new nn.ELU(layer.fields.number('alpha', 1))),
  PReLU: prelu,
  Softmax: softmax,
}
