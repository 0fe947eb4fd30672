import { readdir, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize } from 'node:path'
import { tensor } from '../create.js'
import type { DeviceLike } from '../device.js'
import type { TypedArray } from '../dtype.js'
import { FormatError } from '../errors.js'
import { decode } from '../io/elements.js'
import { elementBytes, type ElementType } from '../io/header.js'
import { isCounts, isRecord, parseRecord, summary } from '../io/json.js'
import { loadSafetensors } from '../io/safetensors.js'
import { withSource } from '../io/source.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'

/** Tensors by Keras' names, `conv1/kernel`, in Keras' layouts: kernels [H, W, in, out], dense ones [in, out]. */
export type KerasWeights = Record<string, Tensor>

/** What functions that read Keras' weights are told. */
export interface LoadOptions {
  /** Where the tensors go; default: the default device. */
  device?: DeviceLike
}

/** A file of JSON beside which shards lie. */
export interface ModelFile {
  readonly path: string
  readonly content: Record<string, unknown>
}

interface Weight {
  readonly name: string
  readonly shape: readonly number[]
  /** What its elements are stored as. */
  readonly type: ElementType
  /** Of stored whole numbers: value = stored · scale + min, rounded where the weight is int32. */
  readonly scale: number | undefined
  readonly min: number
  readonly whole: boolean
  readonly bytes: number
}

/** By the manifest's dtype, and its quantization's. */
const types: Readonly<Record<string, ElementType>> = {
  float32: 'F32',
  float16: 'F16',
  int32: 'I32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
}
const typeOf = (word: unknown): ElementType | undefined =>
  typeof word === 'string' && Object.hasOwn(types, word) ? types[word] : undefined

/**
 * The weights that a TensorFlow.js model comes with, whether or not it says how its network is built: the manifest of its
 * `model.json` names shards beside it. Weights quantised to uint8, uint16 or float16 are brought back to float32. Keras
 * weights in a `.safetensors` file are read too.
 *
 * @param path `model.json`, `weights_manifest.json`, the folder that one of them is in, or a `.safetensors` file
 * @returns tensors by name in Keras' layouts; `toStateDict` brings them to a module of ours
 * @throws {FormatError} naming the file and what was expected
 */
export async function loadWeights(path: string, options: LoadOptions = {}): Promise<KerasWeights> {
  if (path.endsWith('.safetensors')) return loadSafetensors(path, options)
  const file = await readModelFile(path, ['model.json', 'weights_manifest.json'])
  return readWeights(file, options)
}

/** Reads a file of JSON, or in a folder the first of some names. A bare manifest, an array, becomes `weightsManifest`. */
export async function readModelFile(path: string, names: readonly string[]): Promise<ModelFile> {
  let file = path
  if ((await stat(path)).isDirectory()) {
    const there = await readdir(path)
    const name = names.find((name) => there.includes(name))
    if (!name) throw new FormatError(`${path}: expected a folder with ${names.join(' or ')}, got none of them`)
    file = join(path, name)
  }
  const json = await withSource(file, (source) => source.read(0, source.size))
  const bare = json.find((byte) => byte > 0x20) === 0x5b
  const text = bare ? Buffer.concat([Buffer.from('{"weightsManifest":'), json, Buffer.from('}')]) : json
  return { path: file, content: parseRecord(text, file, 'model') }
}

/** The weights that the manifest of a model names; none without one. */
export async function readWeights({ path, content }: ModelFile, { device }: LoadOptions): Promise<KerasWeights> {
  const { weightsManifest: manifest = [] } = content
  if (!Array.isArray(manifest))
    throw new FormatError(`${path}: expected weightsManifest to be an array, got ${summary(manifest)}`)
  const weights = new Map<string, Tensor>()
  for (const group of manifest as unknown[]) {
    const { paths, entries } = parseGroup(group, path)
    const bytes = await readShards(paths, entries, path)
    let begin = 0
    for (const weight of entries) {
      const { name, shape } = weight
      if (weights.has(name)) throw new FormatError(`${path}: expected each weight once, got ${name} twice`)
      const own = Uint8Array.from(bytes.subarray(begin, (begin += weight.bytes)))
      weights.set(name, tensor(valuesOf(weight, own.buffer, path), { shape, device }))
    }
  }
  return Object.fromEntries(weights)
}

function parseGroup(group: unknown, path: string): { paths: string[]; entries: Weight[] } {
  if (!isRecord(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights))
    throw new FormatError(`${path}: expected a group of paths and weights, got ${summary(group)}`)
  const paths = group.paths.map((name: unknown) => {
    const inside = typeof name === 'string' && name !== '' && !isAbsolute(name) && !/^\.\.|[:\0]/.test(normalize(name))
    if (!inside) throw new FormatError(`${path}: expected the path of a shard beside it, got ${summary(name)}`)
    return join(dirname(path), name)
  })
  return { paths, entries: group.weights.map((weight: unknown) => parseWeight(weight, path)) }
}

function parseWeight(weight: unknown, path: string): Weight {
  const fail = (what: string, got: unknown): never => {
    throw new FormatError(`${path}: weight ${name}: expected ${what}, got ${summary(got)}`)
  }
  const name = isRecord(weight) ? String(weight.name) : ''
  if (!isRecord(weight) || typeof weight.name !== 'string') return fail('an object with a name', weight)
  const { shape, dtype, quantization } = weight
  if (!isCounts(shape)) return fail('a shape of non-negative integers', shape)
  const plain = typeOf(dtype)
  if (!plain) return fail(`a dtype among ${Object.keys(types).join(', ')}`, dtype)
  let [type, scale, min] = [plain, undefined as number | undefined, 0]
  if (quantization !== undefined && quantization !== null) {
    if (!isRecord(quantization) || (plain !== 'F32' && plain !== 'I32'))
      return fail('quantization of a float32 or int32 weight', quantization)
    type = typeOf(quantization.dtype) ?? fail('quantization to uint8, uint16 or float16', quantization)
    if (type === 'U8' || type === 'U16') {
      if (!Number.isFinite(quantization.scale) || !Number.isFinite(quantization.min ?? 0))
        return fail('quantization with a scale and a min', quantization)
      scale = quantization.scale as number
      min = (quantization.min ?? 0) as number
    } else if (type !== 'F16') return fail('quantization to uint8, uint16 or float16', quantization)
  }
  const bytes = shape.reduce((product, n) => product * n, elementBytes[type])
  if (!Number.isSafeInteger(bytes)) return fail('a shape of fewer elements', shape)
  return { name, shape, type, scale, min, whole: plain === 'I32', bytes }
}

async function readShards(paths: readonly string[], entries: readonly Weight[], path: string): Promise<Uint8Array> {
  const expected = entries.reduce((sum, { bytes }) => sum + bytes, 0)
  let got = 0
  for (const shard of paths) {
    const info = await stat(shard).catch(() => undefined)
    if (!info?.isFile()) throw new FormatError(`${path}: expected a shard ${shard}, got none`)
    got += info.size
  }
  if (got !== expected) {
    const what = entries.map(({ name, shape }) => `${name} ${showShape(shape)}`).join(', ')
    throw new FormatError(`${path}: expected ${expected} bytes of shards for ${what.slice(0, 200)}, got ${got}`)
  }
  const shards: Uint8Array[] = []
  for (const shard of paths) shards.push(await withSource(shard, (source) => source.read(0, source.size)))
  return Buffer.concat(shards)
}

function valuesOf(weight: Weight, bytes: ArrayBuffer, path: string): TypedArray {
  const stored = decode(weight, bytes, path)
  const { scale, min, whole } = weight
  if (scale === undefined) return stored
  return whole
    ? Int32Array.from(stored, (value) => Math.round(value * scale + min))
    : Float32Array.from(stored, (value) => value * scale + min)
}
