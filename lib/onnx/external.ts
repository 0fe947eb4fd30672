import { dirname, isAbsolute, join, normalize, sep } from 'node:path'
import { FormatError } from '../errors.js'
import { withSource } from '../io/source.js'
import type { TensorProto } from './schema.js'

/** How often tensors may share a file's bytes: all that are read of it, by its size. */
const SHARED = 4

/** Reads the elements of tensors that a model keeps in other files of its folder. */
export class ExternalData {
  /** Bytes so far, by file. */
  readonly #read = new Map<string, number>()

  /** @param path of the model; undefined for one that came as bytes */
  constructor(readonly path: string | undefined) {}

  /** @throws {FormatError} for a file outside of the model's folder, one that is missing, too short or read over and over */
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
        const length = number('length', Math.max(source.size - offset, 0))
        const total = (this.#read.get(file) ?? 0) + length
        if (total > SHARED * source.size)
          throw new FormatError(
            `${where}: expected elements of their own in '${location}', got the same again and again`,
          )
        this.#read.set(file, total)
        return source.read(offset, length)
      })
    } catch (error) {
      if (error instanceof FormatError) throw error
      throw new FormatError(`${where}: expected elements in '${location}' (${(error as Error).message})`, {
        cause: error,
      })
    }
  }
}
