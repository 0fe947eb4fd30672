import { type DeviceLike, getDefaultDevice, parseDevice } from '../device.js'
import { describe, FormatError } from '../errors.js'
import { withSource } from '../io/source.js'
import type { Tensor } from '../tensor.js'
import { readGraph } from './graph.js'
import { OnnxModel } from './model.js'
import { decodeModel } from './schema.js'

/** Options of {@link importModel}. */
export interface ImportOptions {
  /** Where the weights go; default: the default device. */
  device?: DeviceLike
  /**
   * Most elements that a result may have because of numbers in the file: padding, repeats, sizes. So that files of strangers
   * do not take all memory. Default 2^30.
   */
  maxElements?: number
}

/** Protobuf has no longer messages. */
const LONGEST = 2 ** 31 - 1

/**
 * Makes a module of an ONNX model (https://onnx.ai), of opset 7 to 25. It is called like others, can be trained (`train()`
 * has batch norm and dropout do what they do then), moved and saved; weights keep their names. float16 weights become
 * float32. Elements in other files are sought in the model's folder.
 *
 * ```ts
 * const model = await onnx.importModel('squeezenet.onnx')
 * const scores = model(images)
 * ```
 *
 * @param source a path, or the bytes of a file
 * @throws {FormatError} for a damaged file, an opset that is not known, and operators that are not: it lists them all
 */
export async function importModel<R extends Tensor | Tensor[] = Tensor>(
  source: string | Uint8Array,
  options: ImportOptions = {},
): Promise<OnnxModel<R>> {
  const device = options.device === undefined ? getDefaultDevice() : parseDevice(options.device)
  const { maxElements = 2 ** 30 } = options
  if (!(maxElements > 0))
    throw new RangeError(`importModel: expected maxElements above 0, got ${describe(maxElements)}`)
  const path = typeof source === 'string' ? source : undefined
  if (path === undefined && !(source instanceof Uint8Array))
    throw new TypeError(`importModel: expected a path or bytes, got ${describe(source)}`)
  const name = path ?? 'onnx'
  const bytes = await withSource(source, (file) => {
    if (file.size > LONGEST)
      throw new FormatError(`${name}: expected an ONNX model below 2 GiB, got ${file.size} bytes`)
    return file.read(0, file.size)
  })
  const model = await decodeModel(bytes, name)
  return new OnnxModel<R>(await readGraph(model, path, maxElements), device)
}
