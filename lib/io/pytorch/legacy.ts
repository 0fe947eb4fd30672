import type { DeviceLike } from '../../device.js'
import { FormatError } from '../../errors.js'
import { elementBytes } from '../header.js'
import type { Source } from '../source.js'
import { type Context, Unpickler } from './pickle.js'
import { storageOf, type StorageRef } from './refs.js'
import { materialize } from './tensors.js'

const MAGIC = 0x1950a86a20f9469cfc6cn
const PROTOCOL = 1001

/**
 * The format before the zip files: five pickles (a magic number, the version, the machine, the object, the keys of
 * storages), then each storage, its count of elements before it. It must be unpickled to know where the pickles end, so
 * the file is read as a whole.
 */
export async function loadLegacy(source: Source, device: DeviceLike | undefined, context: Context): Promise<unknown> {
  const { path, size } = source
  const bytes = await source.read(0, size)
  if (bytes[0] !== 0x80)
    throw new FormatError(`${path}: expected a file of torch.save, got neither a zip file nor a pickle`)
  let at = 0
  const next = (extra: Partial<Context> = {}): unknown => {
    const unpickler = new Unpickler(bytes, at, { ...context, ...extra })
    const value = unpickler.load()
    at = unpickler.end
    return value
  }
  const magic = next()
  if (magic !== MAGIC)
    throw new FormatError(`${path}: expected PyTorch's magic number, got a pickle of something else; use torch.save`)
  const version = next()
  if (version !== PROTOCOL) throw new FormatError(`${path}: expected version ${PROTOCOL}, got ${String(version)}`)
  const machine = next()
  if (!(machine instanceof Map) || machine.get('little_endian') !== true)
    throw new FormatError(`${path}: expected little-endian storages, got those of another machine`)
  const storages = new Map<string, StorageRef>()
  const root = next({
    persistent: (id) => {
      const storage = storageOf(id)
      if (storage) storages.set(storage.key, storage)
      return storage
    },
  })
  const places = placesOf(next(), storages, bytes, at, path)
  return materialize(root, path, device, ({ key }, length) => {
    const start = places.get(key)
    if (start === undefined) throw new FormatError(`${path}: expected storage ${key}, got none`)
    return Promise.resolve(bytes.slice(start, start + length))
  })
}

/** Where the elements of each storage begin. */
function placesOf(
  keys: unknown,
  storages: ReadonlyMap<string, StorageRef>,
  bytes: Uint8Array,
  start: number,
  path: string,
): Map<string, number> {
  if (!Array.isArray(keys)) throw new FormatError(`${path}: expected a list of storages, got none`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const places = new Map<string, number>()
  let at = start
  for (const key of keys as unknown[]) {
    const storage = storages.get(key as string)
    if (!storage || places.has(storage.key))
      throw new FormatError(`${path}: expected each storage of a tensor once, got ${String(key)}`)
    const length = storage.size * elementBytes[storage.type]
    const count = at + 8 <= bytes.length ? view.getBigInt64(at, true) : undefined
    if (count !== BigInt(storage.size) || at + 8 + length > bytes.length)
      throw new FormatError(
        `${path}: expected ${storage.size} elements of storage ${storage.key}, got ${count ?? 'the end of the file'}`,
      )
    places.set(storage.key, at + 8)
    at += 8 + length
  }
  return places
}
