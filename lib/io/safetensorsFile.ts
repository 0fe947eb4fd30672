import { type FileHandle, open } from 'node:fs/promises'
import { tensor } from '../create.js'
import { describe } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { decode } from './elements.js'
import type { Entry, Header, Metadata } from './header.js'
import { type LoadOptions, readHeader } from './safetensors.js'
import { type Source, sourceOf } from './source.js'

/**
 * A safetensors file whose tensors are read when they are asked for, one at a time: of a large file, a part.
 *
 * ```ts
 * const file = await io.openSafetensors('model.safetensors')
 * try {
 *   for (const name of file.keys()) if (name.startsWith('features.')) state[name] = await file.getTensor(name)
 * } finally {
 *   await file.close()
 * }
 * ```
 */
export class SafetensorsFile {
  readonly #file: FileHandle
  readonly #source: Source
  readonly #start: number
  readonly #entries: ReadonlyMap<string, Entry>
  /** The strings by name that the file carries besides its tensors. */
  readonly metadata: Metadata

  /** @internal Use `openSafetensors`. */
  constructor(file: FileHandle, source: Source, { entries, metadata }: Header, start: number) {
    this.#file = file
    this.#source = source
    this.#start = start
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]))
    this.metadata = metadata
  }

  /** The tensors' names. */
  keys(): string[] {
    return [...this.#entries.keys()]
  }

  /** A tensor's shape, without reading it. @throws {RangeError} when there is none of the name */
  shapeOf(name: string): readonly number[] {
    return this.#entry(name).shape
  }

  /**
   * Reads a tensor; elements become what `loadSafetensors` makes of them.
   * @throws {RangeError} when there is none of the name
   * @throws {FormatError} when the file has become shorter since it was opened
   */
  async getTensor(name: string, { device }: LoadOptions = {}): Promise<Tensor> {
    const entry = this.#entry(name)
    const bytes = await this.#source.read(this.#start + entry.begin, entry.end - entry.begin)
    return tensor(decode(entry, bytes.buffer, this.#source.path), { shape: entry.shape, device })
  }

  /** Nothing can be read any more. */
  async close(): Promise<void> {
    await this.#file.close()
  }

  /** As `close()`: `await using file = await io.openSafetensors(path)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name)
    if (!entry) throw new RangeError(`${this.#source.path}: expected the name of a tensor, got ${describe(name)}`)
    return entry
  }
}

/**
 * Opens a safetensors file, of which only the header is read.
 * @throws {FormatError} naming the file, the tensor, what was expected and what was found
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await open(path)
  try {
    const source = await sourceOf(file, path)
    const { header, start } = await readHeader(source)
    return new SafetensorsFile(file, source, header, start)
  } catch (error) {
    await file.close()
    throw error
  }
}
