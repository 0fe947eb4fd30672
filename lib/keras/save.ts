import { join } from 'node:path'
import { noGrad } from '../autograd.js'
import { describe } from '../errors.js'
import { writeAtomically } from '../io/atomic.js'
import { isModule } from '../nn/members.js'
import { Model } from '../nn/model.js'
import type { Module } from '../nn/module.js'
import { Sequential } from '../nn/sequential.js'
import { input, type SymbolicTensor } from '../nn/symbolic.js'
import { scope } from '../scope.js'
import { checkShape } from '../shape.js'
import { exports } from './export/layers.js'
import { type Out, Writer } from './export/writer.js'

/** Options of {@link saveLayersModel}. */
export interface SaveLayersModelOptions {
  /** Of one sample, [C, H, W]: an `nn.Sequential` does not know it. */
  inputShape?: readonly number[]
}

/**
 * Writes a network as a layers model of TensorFlow.js, `model.json` and `weights.bin` in a folder, which `loadLayersModel`,
 * `tf.loadLayersModel` and Keras' converters read: `nn.Sequential` and `nn.Model` of layers that Keras has, nested ones too.
 * Images become [N, H, W, C]; the rows of the first dense kernel behind a Flatten are permuted to Keras' order H, W, C.
 * Weights are read as they stand at the call and written as float32; each file is replaced as a whole. (TensorFlow.js itself
 * lacks a few of Keras' layers: padding of signals, `Conv1DTranspose`, `Subtract`, groups.)
 *
 * ```ts
 * await keras.saveLayersModel(model, 'web/model', { inputShape: [1, 28, 28] })
 * ```
 *
 * @throws {TypeError} for a module or an option that Keras has no counterpart for, before anything is written
 */
export async function saveLayersModel(
  model: Module,
  folder: string,
  options: SaveLayersModelOptions = {},
): Promise<void> {
  const writer = new Writer()
  const reads = scope(() =>
    noGrad(() => {
      const ends = written(writer, model, options)
      const arrays = writer.weights.map(({ name, tensor }) => ({
        name,
        shape: tensor.shape,
        data: tensor.to('float32').data(),
      }))
      return { ends, arrays }
    }),
  )
  const { ends, arrays } = reads
  const data = await Promise.all(arrays.map(async ({ data }) => new Uint8Array((await data).buffer)))
  const weights = arrays.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }))
  const json = JSON.stringify({
    format: 'layers-model',
    generatedBy: 'convcore',
    convertedBy: null,
    modelTopology: topology(writer, ends),
    weightsManifest: [{ paths: ['weights.bin'], weights }],
  })
  await writeAtomically(join(folder, 'weights.bin'), (file) => file.writeFile(Buffer.concat(data)))
  await writeAtomically(join(folder, 'model.json'), (file) => file.writeFile(json))
}

interface Ends {
  readonly inputs: readonly Out[]
  readonly outputs: readonly Out[]
}

function written(writer: Writer, model: Module, { inputShape }: SaveLayersModelOptions): Ends {
  if (model instanceof Model) {
    const inputs = model.inputShapes.map((shape, i) => writer.input(`input_${i + 1}`, toKeras(shape)))
    return { inputs, outputs: graph(writer, model as Model, inputs, '').map((x, i) => final(writer, x, i)) }
  }
  if (!(model instanceof Sequential) || model.forward !== Sequential.prototype.forward)
    throw new TypeError(
      `saveLayersModel: expected an nn.Sequential or an nn.Model, got ${isModule(model) ? model.constructor.name : describe(model)}`,
    )
  if (!inputShape) throw new TypeError('saveLayersModel: expected inputShape for an nn.Sequential, got none')
  const symbol = input(checkShape('saveLayersModel', inputShape))
  const start = writer.input('input_1', toKeras(symbol.shape))
  const { out } = sequence(writer, model, start, symbol, '')
  return { inputs: [start], outputs: [final(writer, out, 0)] }
}

/** A flattened image leaves the network in our order. */
const final = (writer: Writer, x: Out, i: number): Out =>
  x.image ? writer.of(new Sequential(), `output${i || ''}`).settled(x) : x

function sequence(writer: Writer, model: Sequential, start: Out, symbol: SymbolicTensor, path: string) {
  let [out, x] = [start, symbol]
  const names = new Map(Array.from(model.namedChildren(), ([name, module]) => [module, name]))
  for (let i = 0; i < model.size; i++) {
    const layer = model.at(i)!
    const name = names.get(layer)!
    const own = path ? `${path}.${name}` : name
    const y = layer(x)
    out = call(writer, layer, [out], x, y.shape, own)
    x = y
  }
  return { out }
}

function graph(writer: Writer, model: Model, inputs: readonly Out[], path: string): Out[] {
  const { steps, outputs, shapes } = model.graph
  const paths = new Map(Array.from(model.namedChildren(), ([name, module]) => [module, name]))
  const values = [...inputs]
  for (const { module, args, from, to } of steps) {
    if (from.some((place) => place < 0) || to.length !== 1)
      throw new TypeError(`saveLayersModel: expected layers of tensors alone that give one, got ${String(module)}`)
    const name = paths.get(module)!
    const given = from.map((place) => values[place]!)
    values[to[0]!] = call(
      writer,
      module,
      given,
      args[0] as SymbolicTensor,
      shapes[to[0]!]!,
      path ? `${path}.${name}` : name,
    )
  }
  return outputs.map((place) => values[place]!)
}

function call(
  writer: Writer,
  module: Module,
  inputs: readonly Out[],
  symbol: SymbolicTensor,
  shape: readonly number[],
  path: string,
): Out {
  if (module.constructor === Sequential) return sequence(writer, module as Sequential, inputs[0]!, symbol, path).out
  if (module.constructor === Model) return graph(writer, module as Model, inputs, path)[0]!
  const to = exports.get(module.constructor)
  const own = writer.of(module, path)
  return to ? to(own, inputs, toKeras(shape)) : own.refuse('layers that Keras has')
}

/** [−1, C, H, W] → [H, W, C]. */
const toKeras = ([, channels, ...sides]: readonly number[]): number[] =>
  channels === undefined ? [] : [...sides, channels]

/** A chain is a Sequential model, anything else a functional one. */
function topology({ layers }: Writer, { inputs, outputs }: Ends): object {
  const list = [...layers.values()]
  const chain =
    inputs.length === 1 &&
    outputs.length === 1 &&
    list.every(({ inbound }, i) => (i ? inbound.length === 1 && inbound[0]!.length === 1 : true)) &&
    list.slice(1).every(({ inbound }, i) => inbound[0]![0]!.layer === list[i]!.config.name) &&
    outputs[0]!.layer === list.at(-1)!.config.name
  const reference = ({ layer, node }: Out) => [layer, node, 0]
  const config = chain
    ? { name: 'sequential', layers: list.map(({ class_name, config }) => ({ class_name, config })) }
    : {
        name: 'model',
        layers: list.map(({ class_name, config, inbound }) => ({
          class_name,
          name: config.name,
          config,
          inbound_nodes: inbound.map((node) => node.map((x) => [...reference(x), {}])),
        })),
        input_layers: inputs.map(reference),
        output_layers: outputs.map(reference),
      }
  const model_config = { class_name: chain ? 'Sequential' : 'Model', config }
  return { keras_version: '2.15.0', backend: 'tensorflow', model_config }
}
