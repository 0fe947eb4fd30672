import { MAX_RANK } from '../../shape.js'
import { elementBytes, type ElementType } from '../header.js'
import { isCounts } from '../json.js'

/** A run of elements that tensors show parts of. */
export interface StorageRef {
  readonly key: string
  readonly type: ElementType
  /** Elements. */
  readonly size: number
}

/** A tensor of a file before its storage is read. */
export class TensorRef {
  constructor(
    readonly storage: StorageRef,
    /** Elements before its first one. */
    readonly offset: number,
    readonly shape: readonly number[],
    /** In elements. */
    readonly strides: readonly number[],
    readonly type: ElementType,
  ) {}
}

/** What a storage holds; undefined where its tensors say so: it counts as bytes. */
export class StorageClass {
  constructor(readonly type: ElementType | undefined) {}
}

/** A dtype; where it is a value of its own it reads as its name. */
export class Dtype {
  constructor(
    readonly name: string,
    readonly type: ElementType,
  ) {}
}

/** A persistent identifier: ('storage', class, key, location, size, …). Views of storages are from before PyTorch 0.4. */
export function storageOf(id: unknown): StorageRef | undefined {
  if (!Array.isArray(id)) return undefined
  const [kind, type, key, , size, view] = id as unknown[]
  if (kind !== 'storage' || !(type instanceof StorageClass) || typeof key !== 'string' || !isCounts([size]))
    return undefined
  if (view !== undefined && view !== null) return undefined
  return { key, type: type.type ?? 'U8', size: size as number }
}

/** What `_rebuild_tensor` and its successors make; undefined for what lies beyond the storage, or is none. */
export function rebuild(
  storage: unknown,
  offset: unknown,
  shape: unknown,
  strides: unknown,
  type?: ElementType,
): TensorRef | undefined {
  const of = storage as StorageRef | undefined
  if (typeof of !== 'object' || of === null || typeof of.key !== 'string' || !isCounts([offset])) return undefined
  if (!isCounts(shape) || !isCounts(strides) || shape.length !== strides.length || shape.length > MAX_RANK)
    return undefined
  const own = type ?? of.type
  const room = (of.size * elementBytes[of.type]) / elementBytes[own]
  const last = shape.reduce((sum, n, d) => sum + (n - 1) * strides[d]!, offset as number)
  if (!shape.includes(0) && last >= room) return undefined
  return new TensorRef(of, offset as number, shape, strides, own)
}
