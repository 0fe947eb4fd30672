import { statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { keras, type nn, onnx } from '../index.js'
import { FormatError } from '../errors.js'
import { isRecord } from '../io/json.js'
import { readModelFile } from '../keras/manifest.js'
import { buildFor } from './build.js'
import { type Description, describedIn } from './description.js'
import { UsageError } from './errors.js'
import { networkName, networks } from './networks.js'
import { type Preparation, statistics } from './prepare.js'
import { isWeights, modelIn, readWeights, weightEndings } from './weights.js'

/** A model that can be run on images. */
export interface Model {
  readonly module: nn.Layer
  /** The network's name, or the file's. */
  readonly name: string
  /** Undefined where the file does not name them. */
  readonly classes: readonly string[] | undefined
  readonly preparation: Preparation
  readonly description: Description | undefined
}

/** What a file does not say. */
export interface ModelOptions {
  /** The zoo's network that a file of weights is of. */
  network?: string | undefined
  size?: number | undefined
  mean?: readonly number[] | undefined
  std?: readonly number[] | undefined
}

/**
 * Opens a model: the folder of a run, its model.safetensors, an ONNX file, a model of Keras or TensorFlow.js, or weights of a
 * network of the zoo.
 * @throws {UsageError} where a file is of no such kind, or of weights whose network is not named
 */
export async function openModel(path: string, options: ModelOptions = {}): Promise<Model> {
  const file = statSync(path).isDirectory() ? fileIn(path) : path
  const model = await open(file, options)
  const { size, mean, std } = options
  const { channels, ...rest } = model.preparation
  const preparation = {
    ...{ channels, ...rest },
    ...(size && { size: [size, size] as const }),
    ...(mean && { mean: perChannel('--mean', mean, channels) }),
    ...(std && { std: perChannel('--std', std, channels) }),
  }
  return { ...model, preparation }
}

function fileIn(folder: string): string {
  const names = [modelIn(folder), join(folder, 'model.json')]
  const found = names.find((name) => statSync(name, { throwIfNoEntry: false }))
  if (found) return found
  throw new FormatError(`${folder}: expected a run with model.safetensors, or a model with model.json, got neither`)
}

async function open(file: string, { network, size }: ModelOptions): Promise<Model> {
  if (isWeights(file)) return openWeights(file, network)
  const ending = extname(file).toLowerCase()
  if (ending === '.onnx') return openOnnx(file, size)
  if (ending === '.json') return openKeras(file, size)
  throw new UsageError(
    `${file}: expected a run's folder, a model (.onnx, model.json) or weights (${weightEndings.join(', ')})`,
  )
}

async function openWeights(file: string, network: string | undefined): Promise<Model> {
  const { state, metadata } = await readWeights(file)
  const description = describedIn(metadata, file)
  const name = network === undefined ? description?.network : networkName(network)
  if (name === undefined)
    throw new UsageError(
      `${file}: expected --network NAME, since the file does not say of which network its weights are`,
    )
  const module = buildFor(name, state, file)
  for (const tensor of Object.values(state)) tensor.dispose()
  if (description) return { module, name, classes: description.classes, preparation: description, description }
  const { channels, size } = networks[name]!
  return { module, name, classes: undefined, preparation: photosOf(channels, [size, size]), description }
}

async function openOnnx(file: string, size: number | undefined): Promise<Model> {
  const module = await onnx.importModel(file)
  const [{ shape } = {}] = module.inputs
  if (module.inputs.length !== 1 || (shape && shape.length !== 4))
    throw new FormatError(
      `${file}: expected a model of one input, images [N, C, H, W], got ${module.inputs.length} inputs`,
    )
  const [, channels = -1, height = -1, width = -1] = shape ?? []
  return foreign(file, module, [channels, height, width], size)
}

async function openKeras(file: string, size: number | undefined): Promise<Model> {
  const module = await keras.loadLayersModel(file)
  const { content } = await readModelFile(file, [])
  const [, height = -1, width = -1, channels = -1] = batchShape(content.modelTopology) ?? []
  const model = foreign(file, module, [channels, height, width], size)
  const neutral = model.preparation.mean.map(() => 0)
  return { ...model, preparation: { ...model.preparation, mean: neutral, std: neutral.map(() => 1) } }
}

/** The shape [N, H, W, C] that the first layer with one says, −1 where any size will do. */
function batchShape(topology: unknown): number[] | undefined {
  if (Array.isArray(topology)) return topology.map(batchShape).find((shape) => shape)
  if (!isRecord(topology)) return undefined
  const shape = topology.batch_input_shape ?? topology.batch_shape
  if (Array.isArray(shape) && shape.length === 4) return shape.map((n) => (typeof n === 'number' ? n : -1))
  return Object.values(topology)
    .map(batchShape)
    .find((shape) => shape)
}

/** @param shape [C, H, W], −1 where the file does not say */
function foreign(
  file: string,
  module: nn.Layer,
  [channels, height, width]: [number, number, number],
  size?: number,
): Model {
  if (size === undefined && (height < 1 || width < 1))
    throw new UsageError(`${file}: expected --size N, since the file does not say how large its images are`)
  if (channels > 1 && channels !== 3)
    throw new FormatError(`${file}: expected images of 1 or 3 channels, got ${channels}`)
  const sides = size === undefined ? ([height, width] as const) : ([size, size] as const)
  return {
    module,
    name: file,
    classes: undefined,
    preparation: photosOf(channels === 1 ? 1 : 3, sides),
    description: undefined,
  }
}

const photosOf = (channels: number, size: Preparation['size']): Preparation => ({
  // Large images are photos, whose subject is in the middle; small ones are cut to their subject.
  ...{ channels, size, crop: Math.min(...size) < 128 ? 1 : 0.875 },
  ...statistics(channels),
})

function perChannel(option: string, values: readonly number[], channels: number): readonly number[] {
  if (values.length === channels) return values
  if (values.length === 1) return Array.from({ length: channels }, () => values[0]!)
  throw new UsageError(`${option}: expected a number, or one for each of ${channels} channels, got ${values.join(',')}`)
}
