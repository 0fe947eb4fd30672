import { open } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize, sep } from 'node:path'
import { FormatError } from '../errors.js'
import type { TensorProto } from './schema.js'

/** Reads the elements of tensors that a model keeps in other files of its folder. */
export class ExternalData {
  /** @param path of the model; undefined for one that came as bytes */
  constructor(readonly path: string | undefined) {}

  /** @throws {FormatError} for a file outside of the model's folder, one that is missing or too short */
  async read(tensor: TensorProto, where: string): Promise<Uint8Array> {
    const entries = new Map((tensor.externalData ?? []).map(({ key, value }) => [key, value]))
    const location = normalize(entries.get('location') ?? '')
    if (this.path === undefined)
      throw new FormatError(`${where}: expected a file's path, for elements in '${location}' beside it, got bytes`)
    if (isAbsolute(location) || location.split(sep).includes('..') || location === '.')
      throw new FormatError(`${where}: expected elements in a file of the model's folder, got '${location}'`)
    const number = (key: string, otherwise: number): number => {
      const value = Number(entries.get(key) ?? otherwise)
      if (Number.isSafeInteger(value) && value >= 0) return value
      throw new FormatError(`${where}: expected ${key} to be a size, got '${entries.get(key)}'`)
    }
    const file = await open(join(dirname(this.path), location)).catch((error: unknown) => {
      throw new FormatError(`${where}: expected elements in '${location}' (${(error as Error).message})`)
    })
    try {
      const { size } = await file.stat()
      const offset = number('offset', 0)
      const length = number('length', size - offset)
      if (offset + length > size)
        throw new FormatError(`${where}: expected ${length} bytes at ${offset} of '${location}', got ${size} in all`)
      const bytes = new Uint8Array(length)
      for (let done = 0; done < length;) {
        const { bytesRead } = await file.read(bytes, done, Math.min(length - done, 2 ** 30), offset + done)
        if (!bytesRead) throw new FormatError(`${where}: expected ${length} bytes at ${offset} of '${location}'`)
        done += bytesRead
      }
      return bytes
    } finally {
      await file.close()
    }
  }
}
