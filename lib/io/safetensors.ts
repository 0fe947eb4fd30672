import type { DeviceLike } from '../device.js'
import { describe, FormatError } from '../errors.js'
import { tensor } from '../create.js'
import { Tensor } from '../tensor.js'
import { writeAtomically } from './atomic.js'
import { decode, encode as encodeElements, fileTypes } from './elements.js'
import {
  elementBytes,
  type Entry,
  formatHeader,
  type Header,
  headerBytes,
  type Metadata,
  parseHeader,
} from './header.js'
import { type Source, withSource } from './source.js'

/** What functions that read files of tensors are told. */
export interface LoadOptions {
  /** Where the tensors go; default: the default device. */
  device?: DeviceLike
}

/**
 * Writes tensors by name to a safetensors file (https://github.com/huggingface/safetensors), row-major in their logical
 * order. All are read as they stand at the call; the file is replaced as a whole, or, on failure, left as it was.
 */
export async function saveSafetensors(
  path: string,
  tensors: Record<string, Tensor>,
  metadata: Metadata = {},
): Promise<void> {
  const chunks = await encode(tensors, metadata)
  await writeAtomically(path, async (file) => {
    for (const chunk of chunks) await file.writeFile(chunk)
  })
}

/** What `saveSafetensors` writes, as bytes. */
export async function serialize(tensors: Record<string, Tensor>, metadata: Metadata = {}): Promise<Uint8Array> {
  return Buffer.concat(await encode(tensors, metadata))
}

/**
 * Reads a safetensors file. F16 and BF16 become float32; I8, I16, U16 and, where all
 * values fit, I64, U32 and U64 int32; BOOL uint8.
 *
 * @throws {FormatError} naming the file, the tensor, what was expected and what was found
 */
export async function loadSafetensors(path: string, options: LoadOptions = {}): Promise<Record<string, Tensor>> {
  return (await readTensors(path, options)).tensors
}

/** @internal Tensors and metadata of one state of the file. */
export async function readTensors(
  path: string,
  { device }: LoadOptions,
): Promise<{ tensors: Record<string, Tensor>; metadata: Metadata }> {
  return withHeader(path, async (source, { entries, metadata }, start) => {
    const tensors: [string, Tensor][] = []
    for (const entry of entries) {
      const bytes = await source.read(start + entry.begin, entry.end - entry.begin)
      tensors.push([entry.name, tensor(decode(entry, bytes.buffer, path), { shape: entry.shape, device })])
    }
    return { tensors: Object.fromEntries(tensors), metadata }
  })
}

/** What `loadSafetensors` makes, from bytes; `name` stands in errors. */
export function deserialize(
  bytes: Uint8Array,
  { device, name = 'safetensors' }: LoadOptions & { name?: string } = {},
): Record<string, Tensor> {
  const start = 8 + headerBytes(bytes, bytes.length, name)
  const { entries } = parseHeader(bytes.subarray(8, start), bytes.length - start, name)
  return Object.fromEntries(
    entries.map((entry) => {
      const copy = Uint8Array.from(bytes.subarray(start + entry.begin, start + entry.end))
      return [entry.name, tensor(decode(entry, copy.buffer, name), { shape: entry.shape, device })]
    }),
  )
}

/** The strings by name that a safetensors file carries besides its tensors. */
export async function readMetadata(path: string): Promise<Metadata> {
  return withHeader(path, (_source, { metadata }) => metadata)
}

/** Header and data. Wide elements come first, so that all are aligned to their size. */
async function encode(tensors: Record<string, Tensor>, metadata: Metadata): Promise<Uint8Array[]> {
  const named = Object.entries(tensors)
  for (const [name, x] of named) {
    if (!(x instanceof Tensor)) throw new TypeError(`safetensors: expected ${name} to be a Tensor, got ${describe(x)}`)
    if (name === '__metadata__')
      throw new FormatError(`safetensors: expected a tensor's name, got the reserved ${name}`)
  }
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value === 'string') continue
    throw new TypeError(`safetensors: expected metadata ${name} to be a string, got ${describe(value)}`)
  }
  named.sort(([, a], [, b]) => elementBytes[fileTypes[b.dtype]] - elementBytes[fileTypes[a.dtype]])
  const arrays = await Promise.all(named.map(async ([, x]) => encodeElements(x.dtype, await x.data())))
  let end = 0
  const entries = named.map(([name, x], i): Entry => {
    const begin = end
    end += arrays[i]!.byteLength
    return { name, type: fileTypes[x.dtype], shape: x.shape, begin, end }
  })
  return [formatHeader(entries, metadata), ...arrays]
}

async function withHeader<T>(
  path: string,
  use: (source: Source, header: Header, start: number) => T | Promise<T>,
): Promise<T> {
  return withSource(path, async (source) => {
    const { header, start } = await readHeader(source)
    return use(source, header, start)
  })
}

/** @internal The header, and where the data begins. */
export async function readHeader(source: Source): Promise<{ header: Header; start: number }> {
  const { path, size } = source
  const length = headerBytes(await source.read(0, Math.min(size, 8)), size, path)
  const json = await source.read(8, length)
  return { header: parseHeader(json, size - 8 - length, path), start: 8 + length }
}
