import { stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { io, type nn, Tensor } from '../index.js'
import { FormatError } from '../errors.js'
import { isPlain } from '../io/json.js'
import { UsageError } from './errors.js'

/** Tensors by name from a file, and the words beside them. */
export interface Weights {
  readonly state: nn.StateDict
  readonly metadata: Readonly<Record<string, string>>
}

type Reader = (path: string) => Promise<Weights>
type Writer = (path: string, { state, metadata }: Weights) => Promise<void>

/** Files of weights, by their ending. */
const formats: Readonly<Record<string, { read: Reader; write: Writer }>> = {
  '.safetensors': {
    read: readSafetensors,
    write: (path, { state, metadata }) => io.saveSafetensors(path, state, metadata),
  },
  '.npz': {
    read: async (path) => ({ state: await io.loadNpz(path), metadata: {} }),
    write: (path, { state }) => io.saveNpz(path, state),
  },
  '.pth': { read: readPyTorch, write: (path, { state }) => io.savePyTorch(path, state) },
}

/** Endings of files of weights. */
export const weightEndings: readonly string[] = Object.keys(formats)

/** The model's file in a folder of a run. */
export const modelIn = (folder: string): string => join(folder, 'model.safetensors')

/** Other endings that PyTorch's files have. */
const ofPyTorch = ['.pt', '.th', '.tar', '.ckpt', '.bin']

const endingOf = (path: string): string => {
  const ending = extname(path).toLowerCase()
  return ofPyTorch.includes(ending) ? '.pth' : ending
}

export const isWeights = (path: string): boolean => weightEndings.includes(endingOf(path))

const formatOf = (path: string) => {
  const format = formats[endingOf(path)]
  if (format) return format
  throw new UsageError(`${path}: expected a file of weights, which ends in ${weightEndings.join(', ')}`)
}

/**
 * Reads the weights in a file or in the folder of a run; of a checkpoint, the model's.
 * @throws {FormatError} where there are none
 */
export async function readWeights(path: string): Promise<Weights> {
  const file = (await stat(path)).isDirectory() ? modelIn(path) : path // or an error that names it
  const { state, metadata } = await formatOf(file).read(file)
  if (Object.keys(state).length > 0) return { state: withoutPrefix(state), metadata }
  throw new FormatError(`${file}: expected weights, got none`)
}

/** PyTorch's DataParallel puts a word before all names. */
function withoutPrefix(state: nn.StateDict): nn.StateDict {
  const prefix = 'module.'
  const entries = Object.entries(state)
  if (!entries.every(([name]) => name.startsWith(prefix))) return state
  return Object.fromEntries(entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]))
}

/** Writes a file as a whole. */
export async function writeWeights(path: string, weights: Weights): Promise<void> {
  await formatOf(path).write(path, weights)
}

async function readSafetensors(path: string): Promise<Weights> {
  const metadata = await io.readMetadata(path)
  if (!('convcore.checkpoint' in metadata)) return { state: await io.loadSafetensors(path), metadata }
  const { model } = await io.loadCheckpoint<{ model?: nn.StateDict }>(path)
  if (model && isState(model)) return { state: model, metadata: {} }
  throw new FormatError(`${path}: expected a checkpoint of a model, got one of something else`)
}

/** Where PyTorch's users put the model's state in a checkpoint. */
const KEYS = ['state_dict', 'model_state_dict', 'model', 'net', 'weights']

async function readPyTorch(path: string): Promise<Weights> {
  const content = await io.loadPyTorch(path)
  const state = [content, ...KEYS.map((key) => content[key] as unknown)].find(isState)
  if (state) return { state, metadata: {} }
  const names = isPlain(content) ? Object.keys(content).slice(0, 8).join(', ') : typeof content
  throw new FormatError(`${path}: expected a state dict, alone or under ${KEYS.join(', ')}, got ${names}`)
}

const isState = (value: unknown): value is nn.StateDict =>
  isPlain(value) && Object.keys(value).length > 0 && Object.values(value).every((each) => each instanceof Tensor)
