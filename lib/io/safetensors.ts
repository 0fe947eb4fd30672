import { type FileHandle, open } from 'node:fs/promises'
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
 * Reads a safetensors file. F16 and BF16 become float32; I8, I16 and I64 int32; BOOL uint8.
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
  return withFile(path, async (file, { entries, metadata }, start) => {
    const tensors: [string, Tensor][] = []
    for (const entry of entries) {
      const bytes = await readRange(file, start + entry.begin, entry.end - entry.begin, path)
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
  return withFile(path, (_file, { metadata }) => metadata)
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

async function withFile<T>(
  path: string,
  use: (file: FileHandle, header: Header, start: number) => T | Promise<T>,
): Promise<T> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const length = headerBytes(await readRange(file, 0, Math.min(size, 8), path), size, path)
    const json = await readRange(file, 8, length, path)
    return await use(file, parseHeader(json, size - 8 - length, path), 8 + length)
  } finally {
    await file.close()
  }
}

/** One read call gives at most 2 GiB. */
async function readRange(
  file: FileHandle,
  start: number,
  length: number,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, 2 ** 30), start + done)
    if (bytesRead === 0) throw new FormatError(`${path}: expected ${length} bytes at ${start}, got ${done}`)
    done += bytesRead
  }
  return bytes
}
