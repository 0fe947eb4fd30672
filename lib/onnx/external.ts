import { dirname, isAbsolute, join, normalize, sep } from 'node:path'
import { FormatError } from '../errors.js'
import { withSource } from '../io/source.js'
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
    const file = join(dirname(this.path), location)
    try {
      return await withSource(file, (source) => {
        const offset = number('offset', 0)
        return source.read(offset, number('length', source.size - offset))
      })
    } catch (error) {
      if (error instanceof FormatError) throw error
      throw new FormatError(`${where}: expected elements in '${location}' (${(error as Error).message})`, {
        cause: error,
      })
    }
  }
}
