import { FormatError } from '../errors.js'
import { isRecord, summary } from '../io/json.js'
import type { Module } from '../nn/module.js'
import type { Layer } from '../nn/sequential.js'
import { build } from './build.js'
import { parseModel } from './config.js'
import { Sources } from './layer.js'
import { type KerasWeights, type LoadOptions, readModelFile, readWeights } from './manifest.js'

/**
 * Reads a layers model of TensorFlow.js: `model.json` and the shards that it names, weights quantised to uint8, uint16 or
 * float16 too. A Sequential model becomes an `nn.Sequential`, a functional one an `nn.Model`, in evaluation mode; layers
 * keep their names.
 *
 * Images are [N, C, H, W] where Keras has [N, H, W, C], signals [N, C, L] for [N, L, C], and so are outputs; vectors [N, F]
 * are the same. The columns of the first dense layer after a Flatten are permuted, since Keras flattens H, W, C.
 *
 * ```ts
 * const model = await keras.loadLayersModel('tiny-vgg/model.json')
 * const probabilities = model(images) // [N, 3, 64, 64]
 * ```
 *
 * @param path `model.json`, or the folder that it is in
 * @returns a module of one tensor to one tensor, unless the type says otherwise
 * @throws {FormatError} naming the file and the layer: for layers that are not known, configurations that ours have no
 *   counterpart for, weights that are missing, too many or of another shape
 */
export async function loadLayersModel<M extends Module = Layer>(path: string, options: LoadOptions = {}): Promise<M> {
  const file = await readModelFile(path, ['model.json'])
  const { modelTopology: topology } = file.content
  if (!isRecord(topology))
    throw new FormatError(
      `${file.path}: expected a modelTopology, got ${summary(topology)}; loadWeights reads weights alone`,
    )
  const weights = await readWeights(file, {})
  try {
    const module = make(topology, weights, file.path)
    return (options.device ? module.to(options.device) : module) as M
  } finally {
    for (const weight of Object.values(weights)) weight.dispose()
  }
}

/**
 * A network from Keras' configuration of it, `model.to_json()` of Keras 2 or 3 parsed, as `loadLayersModel` makes one.
 *
 * ```ts
 * const config = JSON.parse(await readFile('model_config.json', 'utf8'))
 * const model = keras.fromConfig(config, await keras.loadWeights('weights.safetensors'))
 * ```
 *
 * @param weights by Keras' names and in its layouts: `conv2d/kernel`; without them, layers get first values of ours
 * @throws {FormatError} as `loadLayersModel`
 */
export function fromConfig<
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- what the configuration says
  M extends Module = Layer,
>(config: unknown, weights?: KerasWeights): M {
  if (!isRecord(config)) throw new FormatError(`fromConfig: expected a model's configuration, got ${summary(config)}`)
  return make(config, weights, 'fromConfig') as M
}

function make(topology: Record<string, unknown>, weights: KerasWeights | undefined, path: string): Module {
  const model = isRecord(topology.model_config) ? topology.model_config : topology
  const sources = new Sources(path, weights, versionOf(topology, model))
  const module = build(parseModel(model, path), sources)
  const unused = Object.keys(weights ?? {}).filter((name) => !sources.used.has(name))
  if (unused.length) throw new FormatError(`${path}: expected weights of the model's layers, got ${summary(unused)}`)
  return module.eval()
}

/** Keras 3 names the module of each class. */
function versionOf(topology: Record<string, unknown>, model: Record<string, unknown>): 2 | 3 {
  const version = topology.keras_version
  return (typeof version === 'string' && version.startsWith('3')) || typeof model.module === 'string' ? 3 : 2
}
