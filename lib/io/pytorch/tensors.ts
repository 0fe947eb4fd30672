import { tensor } from '../../create.js'
import type { DeviceLike } from '../../device.js'
import { FormatError } from '../../errors.js'
import { sizeOf, stridesOf } from '../../shape.js'
import type { Tensor } from '../../tensor.js'
import { decode } from '../elements.js'
import { elementBytes } from '../header.js'
import type { Bytes } from '../source.js'
import { Dtype, type StorageRef, TensorRef } from './refs.js'

/** Deeper data is refused, so that no file exhausts the stack. */
const DEEPEST = 500
/** Of a key, in the names of tensors. */
const LONGEST_NAME = 200
/** Tensors may show elements of their storages repeatedly: bytes of all, by those that were read, and so many more. */
const REPEATED = 16
const REPEATED_MORE = 2 ** 26

export type ReadStorage = (storage: StorageRef, bytes: number) => Promise<Bytes>

/**
 * What an unpickled object reads as: Maps of strings as plain objects, tensors in the place of references to them.
 * Storages are read one at a time.
 */
export async function materialize(
  root: unknown,
  path: string,
  device: DeviceLike | undefined,
  read: ReadStorage,
): Promise<unknown> {
  const names = new Map<TensorRef, string>()
  collect(root, '', 0, names, new Set(), path)
  const byKey = new Map<string, TensorRef[]>()
  for (const ref of names.keys()) {
    const others = byKey.get(ref.storage.key)
    if (others) others.push(ref)
    else byKey.set(ref.storage.key, [ref])
  }
  let [stored, shown] = [0, 0]
  const tensors = new Map<TensorRef, Tensor>()
  for (const refs of byKey.values()) {
    const { storage } = refs[0]!
    for (const ref of refs)
      if (ref.storage.type !== storage.type || ref.storage.size !== storage.size)
        throw new FormatError(`${path}: expected storage ${storage.key} to be the same everywhere, got two kinds`)
    const bytes = await read(storage, storage.size * elementBytes[storage.type])
    stored += bytes.length
    for (const ref of refs) {
      shown += sizeOf(ref.shape) * elementBytes[ref.type]
      if (shown > REPEATED * stored + REPEATED_MORE)
        throw new FormatError(`${path}: expected tensors of about ${stored} bytes that are stored, got ${shown}`)
      const entry = { name: names.get(ref)!, type: ref.type }
      const elements = decode(entry, elementsOf(ref, bytes), path)
      tensors.set(ref, tensor(elements, { shape: ref.shape, device }))
    }
  }
  return plain(root, tensors, new Map())
}

/** Names tensors by their path, and refuses what has no counterpart. */
function collect(
  value: unknown,
  name: string,
  depth: number,
  names: Map<TensorRef, string>,
  seen: Set<unknown>,
  path: string,
): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || seen.has(value)) return
  seen.add(value)
  if (depth > DEEPEST) throw new FormatError(`${path}: expected data at most ${DEEPEST} deep, got deeper`)
  const visit = (key: unknown, child: unknown): void => {
    const own = typeof key === 'string' || typeof key === 'number' ? String(key).slice(0, LONGEST_NAME) : '?'
    collect(child, name ? `${name}.${own}` : own, depth + 1, names, seen, path)
  }
  if (value instanceof TensorRef) names.set(value, name || 'tensor')
  else if (value instanceof Map)
    for (const [key, child] of value) {
      visit('key', key)
      visit(key, child)
    }
  else if (Array.isArray(value)) for (const [i, child] of value.entries()) visit(i, child)
  else if (value instanceof Set) for (const child of value) visit('item', child)
  else if (!(value instanceof Dtype))
    throw new FormatError(
      `${path}: expected tensors and plain data, got ${value.constructor.name} at ${name || 'the top'}`,
    )
}

/** A tensor's bytes, row-major; a view of the storage becomes a copy. */
function elementsOf({ offset, shape, strides, type }: TensorRef, storage: Bytes): ArrayBuffer {
  const width = elementBytes[type]
  const size = sizeOf(shape)
  const usual = stridesOf(shape, 'rowMajor')
  if (size === 0 || shape.every((n, d) => n === 1 || strides[d] === usual[d]))
    return storage.buffer.slice(offset * width, (offset + size) * width)
  const copy = new Uint8Array(size * width)
  let to = 0
  const walk = (dim: number, from: number): void => {
    if (dim === shape.length) {
      for (let byte = 0; byte < width; byte++) copy[to++] = storage[from + byte]!
      return
    }
    const step = strides[dim]! * width
    for (let i = 0; i < shape[dim]!; i++) walk(dim + 1, from + i * step)
  }
  walk(0, offset * width)
  return copy.buffer
}

function plain(value: unknown, tensors: ReadonlyMap<TensorRef, Tensor>, made: Map<unknown, unknown>): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (value instanceof TensorRef) return tensors.get(value)
  if (made.has(value)) return made.get(value)
  const inner = (child: unknown): unknown => plain(child, tensors, made)
  if (Array.isArray(value)) {
    const list: unknown[] = []
    made.set(value, list)
    for (const child of value as unknown[]) list.push(inner(child))
    return list
  }
  if (value instanceof Set) {
    const set = new Set()
    made.set(value, set)
    for (const child of value) set.add(inner(child))
    return set
  }
  if (value instanceof Map) return record(value as Map<unknown, unknown>, inner, made)
  return (value as Dtype).name
}

/** A plain object where all keys are strings or whole numbers, as those of optimizers are; else a Map. */
function record(
  dict: Map<unknown, unknown>,
  inner: (value: unknown) => unknown,
  made: Map<unknown, unknown>,
): Record<string, unknown> | Map<unknown, unknown> {
  const names = new Set<string>()
  for (const key of dict.keys()) if (typeof key === 'string' || Number.isSafeInteger(key)) names.add(String(key))
  if (names.size === dict.size) {
    const object: Record<string, unknown> = {}
    made.set(dict, object)
    for (const [key, value] of dict) define(object, String(key), inner(value))
    return object
  }
  const map = new Map<unknown, unknown>()
  made.set(dict, map)
  for (const [key, value] of dict) map.set(inner(key), inner(value))
  return map
}

/** Sets a property, `__proto__` too. */
function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
}
