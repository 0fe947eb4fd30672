import { FormatError } from '../errors.js'
import { type LoadOptions, readTensors, saveSafetensors } from './safetensors.js'
import { fromTree, toTree } from './tree.js'

const KEY = 'convcore.checkpoint'
const VERSION = '1'

/**
 * Writes the state of a training run to one file, safetensors with JSON in its header. All is read as it stands at the
 * call; the file is replaced as a whole, or, on failure, left as it was.
 *
 * ```ts
 * await io.saveCheckpoint('run.safetensors', { model, optimizer, random: defaultGenerator, epoch: 3 })
 * const saved = await io.loadCheckpoint('run.safetensors')
 * model.loadStateDict(saved.model)
 * ```
 *
 * @param content by name: what has a `stateDict()`, generators, tensors, JSON, and objects and arrays of these
 * @throws {TypeError} for anything else, naming where it is
 */
export async function saveCheckpoint(path: string, content: object): Promise<void> {
  const { json, tensors } = toTree(content)
  await saveSafetensors(path, tensors, { [KEY]: VERSION, content: json })
}

/**
 * What `saveCheckpoint` was given: states, numbers and so on under their names.
 * @throws {FormatError} when the file is truncated, or no checkpoint
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what was saved, whose states go to loadStateDict()
export async function loadCheckpoint<T = Record<string, any>>(path: string, options: LoadOptions = {}): Promise<T> {
  const { tensors, metadata } = await readTensors(path, options)
  const { [KEY]: version, content } = metadata
  if (version === undefined || content === undefined)
    throw new FormatError(`${path}: expected a checkpoint, got a safetensors file without its header`)
  if (version !== VERSION) throw new FormatError(`${path}: expected a checkpoint of version ${VERSION}, got ${version}`)
  return fromTree({ json: content, tensors }, path) as T
}
