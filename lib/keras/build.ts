import { FormatError } from '../errors.js'
import { isRecord } from '../io/json.js'
import { Model } from '../nn/model.js'
import type { Module } from '../nn/module.js'
import { Sequential, type Layer as NNLayer } from '../nn/sequential.js'
import { SymbolicTensor } from '../nn/symbolic.js'
import { type LayerConfig, type ModelConfig, isModelClass, parseModel } from './config.js'
import { Fields, type Size } from './fields.js'
import { type Builder, Layer, type Made, Modules, type Sources, type Value } from './layer.js'
import { activationLayers } from './layers/activation.js'
import { convolutionLayers } from './layers/convolution.js'
import { mergeLayers } from './layers/merge.js'
import { normalizationLayers } from './layers/normalization.js'
import { poolingLayers } from './layers/pooling.js'
import { shapeLayers } from './layers/shape.js'

const builders: Readonly<Record<string, Builder>> = {
  ...activationLayers,
  ...convolutionLayers,
  ...mergeLayers,
  ...normalizationLayers,
  ...poolingLayers,
  ...shapeLayers,
}

/** Models in models, at most. */
const DEEPEST = 10

interface Built {
  readonly module: Module
  readonly inputs: readonly (readonly Size[])[]
  readonly outputs: readonly Value[]
}

/** The module of a configuration, with its weights. @throws {FormatError} naming the layer */
export function build(config: ModelConfig, sources: Sources): Module {
  return buildModel(config, sources, undefined, 0).module
}

function buildModel(config: ModelConfig, sources: Sources, given: readonly Size[] | undefined, depth: number): Built {
  checkDepth(depth, sources.path)
  return config.sequential ? sequential(config, sources, given, depth) : functional(config, sources, depth)
}

function checkDepth(depth: number, path: string): void {
  if (depth > DEEPEST) throw new FormatError(`${path}: expected models at most ${DEEPEST} deep, got deeper`)
}

function sequential(config: ModelConfig, sources: Sources, given: readonly Size[] | undefined, depth: number): Built {
  const modules = new Modules(Sequential.prototype)
  const layers = config.layers.filter(({ className }) => className !== 'InputLayer')
  const start = place(given ?? inputShape(config, sources.path, depth))
  let x = start
  for (const each of layers) x = make(each, sources, modules, [x], depth)(x)
  if (x.image) x = new Layer('output', new Fields(sources.path, {}), sources, modules).settled(x)
  const module = new Sequential(inOrder(modules.named) as Record<string, NNLayer>)
  return { module, inputs: [start.shape], outputs: [x] }
}

/** JavaScript puts names that are whole numbers before others: where that changes the order, they become `layer_0`. */
function inOrder(named: ReadonlyMap<string, Module>): Record<string, Module> {
  const modules = Object.fromEntries(named)
  const names = [...named.keys()]
  if (Object.keys(modules).every((name, i) => name === names[i])) return modules
  return Object.fromEntries(
    Array.from(named, ([name, module]) => [/^\d+$/.test(name) ? `layer_${name}` : name, module]),
  )
}

/** Of a Sequential model: its input layer's, its first layer's, or what it was built with. */
function inputShape({ layers, buildShape }: ModelConfig, path: string, depth: number): Size[] {
  checkDepth(depth, path)
  const [first] = layers
  const config = first?.config ?? {}
  const inner = isModelClass(first?.className) && isRecord(config.config) ? config.config : config
  const values = { ...inner, build_input_shape: buildShape }
  const fields = new Fields(path, { ...values, data_format: undefined })
  for (const name of ['batch_input_shape', 'batch_shape', 'build_input_shape'] as const)
    if (fields.has(name)) return fields.batchShape(name)
  if (first && isModelClass(first.className)) {
    const model = parseModel(first.config, path)
    if (model.sequential) return inputShape(model, path, depth + 1)
    const ends = model.layers.find(({ name }) => name === model.inputs[0]?.layer)
    if (ends) return shapeOf(ends, path)
  }
  throw new FormatError(`${path}: expected a first layer with a batch_input_shape, got none`)
}

function shapeOf({ name, config }: LayerConfig, path: string): Size[] {
  const fields = new Fields(`${path}: ${name}`, config)
  return fields.batchShape(fields.has('batch_input_shape') ? 'batch_input_shape' : 'batch_shape')
}

function place(shape: readonly Size[]): Value {
  const ours = shape.length > 1 ? [shape.at(-1)!, ...shape.slice(0, -1)] : shape
  return { symbol: new SymbolicTensor([-1, ...ours.map((n) => n ?? -1)], 'float32', undefined), shape }
}

function functional(config: ModelConfig, sources: Sources, depth: number): Built {
  const { path } = sources
  const modules = new Modules(Model.prototype)
  const values = new Map<string, Value>()
  const pending = new Map<LayerConfig, number>()
  for (const layer of config.layers)
    if (layer.className === 'InputLayer') values.set(`${layer.name} 0`, place(shapeOf(layer, path)))
    else pending.set(layer, 0)
  const made = new Map<LayerConfig, Made>()
  for (let left = Infinity; pending.size && left;) {
    left = 0
    for (const [layer, call] of pending) {
      const references = layer.calls[call]
      const inputs = references?.map(({ layer, node }) => values.get(`${layer} ${node}`)) ?? []
      if (references && (!inputs.length || inputs.includes(undefined))) continue
      left++
      if (!references) pending.delete(layer)
      else {
        const call_ = made.get(layer) ?? make(layer, sources, modules, inputs as Value[], depth)
        made.set(layer, call_)
        values.set(
          `${layer.name} ${call}`,
          wrapped(layer, path, () => call_(...(inputs as Value[]))),
        )
        pending.set(layer, call + 1)
      }
    }
  }
  const [stuck] = pending.keys()
  if (stuck) throw new FormatError(`${path}: ${stuck.name}: expected inputs that lead to it, got none or a cycle`)
  const end = ({ layer, node }: { layer: string; node: number }): Value => {
    const value = values.get(`${layer} ${node}`)
    if (!value) throw new FormatError(`${path}: expected an output of a layer, got ${layer} ${node}`)
    return value
  }
  const inputs = config.inputs.map(end)
  const outputs = config.outputs.map(end).map((x, i) => {
    return x.image ? new Layer(`output${i || ''}`, new Fields(path, {}), sources, modules).settled(x) : x
  })
  const module = graph(inputs, outputs, modules, path)
  return { module, inputs: inputs.map(({ shape }) => shape), outputs }
}

function graph(inputs: readonly Value[], outputs: readonly Value[], modules: Modules, path: string): Module {
  const symbols = (values: readonly Value[]): SymbolicTensor[] => values.map(({ symbol }) => symbol)
  const results = symbols(outputs)
  try {
    return new Model(symbols(inputs), results.length === 1 ? results[0]! : results, {
      layers: Object.fromEntries(modules.named),
    })
  } catch (cause) {
    throw new FormatError(`${path}: ${(cause as Error).message}`, { cause })
  }
}

function make(config: LayerConfig, sources: Sources, modules: Modules, inputs: readonly Value[], depth: number): Made {
  const { className, name } = config
  const where = `${sources.path}: ${className} ${name}`
  if (isModelClass(className)) return nested(config, sources, modules, inputs, depth)
  const builder = Object.hasOwn(builders, className) ? builders[className] : undefined
  if (!builder)
    throw new FormatError(`${where}: expected a layer among ${Object.keys(builders).join(', ')}, got ${className}`)
  return wrapped(config, sources.path, () => {
    const made = builder(new Layer(name, new Fields(where, config.config), sources, modules), ...inputs)
    return (...inputs) => wrapped(config, sources.path, () => made(...inputs))
  })
}

function nested(
  config: LayerConfig,
  sources: Sources,
  modules: Modules,
  inputs: readonly Value[],
  depth: number,
): Made {
  const where = `${sources.path}: ${config.name}`
  const model = parseModel(config.config, where)
  const inner = buildModel(model, sources, inputs[0]!.shape, depth + 1)
  const [output] = inner.outputs
  if (!output || inner.outputs.length > 1)
    throw new FormatError(`${where}: expected a model of one output, got several`)
  const layer = new Layer(config.name, new Fields(where, {}), sources, modules)
  return (...inputs) => {
    inner.inputs.forEach((shape, i) => {
      const same =
        inputs[i]?.shape.length === shape.length && shape.every((n, d) => n === null || n === inputs[i]!.shape[d])
      if (!same || inputs.length !== inner.inputs.length)
        layer.fail(
          'the inputs that the model has',
          inputs.map((x) => x.shape),
        )
    })
    return layer.call(
      inner.module,
      inputs.map((x) => layer.settled(x)),
      output.shape,
    )
  }
}

/** What our layers refuse is wrong in the file. */
function wrapped<T>({ className, name }: LayerConfig, path: string, fn: () => T): T {
  try {
    return fn()
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new FormatError(`${path}: ${className} ${name}: ${cause.message}`, { cause })
  }
}
