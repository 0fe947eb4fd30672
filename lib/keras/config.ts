import { FormatError } from '../errors.js'
import { isRecord, summary } from '../io/json.js'

/** A call's argument: the output of a layer's n-th call. */
export interface Reference {
  readonly layer: string
  readonly node: number
}

export interface LayerConfig {
  readonly className: string
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
  /** The inputs of each call; none in a Sequential model. */
  readonly calls: readonly (readonly Reference[])[]
}

export interface ModelConfig {
  readonly sequential: boolean
  readonly name: string
  readonly layers: readonly LayerConfig[]
  /** Of functional models. */
  readonly inputs: readonly Reference[]
  readonly outputs: readonly Reference[]
  /** Whether there is one output, and not an array with one. */
  readonly single: boolean
  /** Of a Sequential model without an input layer, with the batch. */
  readonly buildShape: unknown
}

const MOST_LAYERS = 10_000

export const isModelClass = (className: unknown): boolean =>
  className === 'Sequential' || className === 'Functional' || className === 'Model'

/** A model's configuration, as Keras 2, Keras 3 and TensorFlow.js write it. @throws {FormatError} */
export function parseModel(value: unknown, path: string): ModelConfig {
  if (!isRecord(value)) throw new FormatError(`${path}: expected the configuration of a model, got ${summary(value)}`)
  const { class_name: className, config } = value
  if (!isModelClass(className))
    throw new FormatError(`${path}: expected a Sequential or Functional model, got ${summary(className)}`)
  // The first Keras wrote a Sequential model's layers alone.
  const fields = Array.isArray(config) ? { layers: config as unknown[] } : config
  if (!isRecord(fields) || !Array.isArray(fields.layers) || fields.layers.length > MOST_LAYERS)
    throw new FormatError(`${path}: expected the layers of a model, got ${summary(config)}`)
  const layers = fields.layers.map((layer: unknown) => parseLayer(layer, path))
  const names = new Set(layers.map(({ name }) => name))
  if (names.size !== layers.length)
    throw new FormatError(`${path}: expected layers of different names, got a name twice`)
  const sequential = className === 'Sequential'
  return {
    sequential,
    name: typeof fields.name === 'string' ? fields.name : 'model',
    layers,
    inputs: sequential ? [] : parseEnds(fields.input_layers, path),
    outputs: sequential ? [] : parseEnds(fields.output_layers, path),
    single: parseEnds(fields.output_layers ?? [], path).length < 2,
    buildShape: fields.build_input_shape,
  }
}

function parseLayer(value: unknown, path: string): LayerConfig {
  const { class_name: className, config, inbound_nodes: nodes = [] } = isRecord(value) ? value : {}
  if (!isRecord(value) || typeof className !== 'string' || !(isRecord(config) || isModelClass(className)))
    throw new FormatError(`${path}: expected a layer with a class_name and a config, got ${summary(value)}`)
  const inner = isRecord(config) ? config : {}
  const name = value.name ?? inner.name
  if (typeof name !== 'string')
    throw new FormatError(`${path}: expected a ${className} with a name, got ${summary(name)}`)
  if (!Array.isArray(nodes)) throw new FormatError(`${path}: ${name}: expected inbound_nodes, got ${summary(nodes)}`)
  const calls = nodes.map((node: unknown) => parseCall(node, `${path}: ${name}`))
  // A model inside keeps all of its own configuration.
  return { className, name, config: isModelClass(className) ? value : inner, calls }
}

/** Keras 2: [[name, node, tensor, {}], …]; Keras 3: { args: [{ class_name: '__keras_tensor__', … }], kwargs }. */
function parseCall(node: unknown, where: string): Reference[] {
  const references: Reference[] = []
  const visit = (value: unknown, depth: number): void => {
    if (depth > 4) throw new FormatError(`${where}: expected inputs at most 4 deep, got deeper`)
    if (isReference(value)) references.push(reference(value, where))
    else if (isRecord(value) && value.class_name === '__keras_tensor__')
      references.push(reference(isRecord(value.config) ? value.config.keras_history : undefined, where))
    else if (Array.isArray(value)) for (const each of value) visit(each, depth + 1)
    else if (value !== null) throw new FormatError(`${where}: expected layers as inputs, got ${summary(value)}`)
  }
  visit(isRecord(node) ? node.args : node, 0)
  return references
}

const isReference = (value: unknown): boolean =>
  Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number'

function reference(value: unknown, where: string): Reference {
  const [layer, node, index] = Array.isArray(value) ? (value as unknown[]) : []
  if (typeof layer !== 'string' || !Number.isSafeInteger(node) || index !== 0)
    throw new FormatError(`${where}: expected the first output of a layer, got ${summary(value)}`)
  return { layer, node: node as number }
}

function parseEnds(value: unknown, path: string): Reference[] {
  if (!Array.isArray(value))
    throw new FormatError(`${path}: expected input_layers and output_layers, got ${summary(value)}`)
  return isReference(value) ? [reference(value, path)] : value.map((each: unknown) => reference(each, path))
}
