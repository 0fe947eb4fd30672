import { FormatError } from '../errors.js'
import { showShape } from '../shape.js'
import { isCounts, isRecord, parseRecord, summary } from './json.js'

/** Element types of files, as safetensors calls them, and their sizes in bytes. */
export const elementBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  U64: 8,
  I32: 4,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const

export type ElementType = keyof typeof elementBytes

export interface Entry {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly number[]
  /** Bytes from the end of the header. */
  readonly begin: number
  readonly end: number
}

/** Strings by name that a safetensors file carries besides its tensors. */
export type Metadata = Record<string, string>

export interface Header {
  readonly entries: readonly Entry[]
  readonly metadata: Metadata
}

const METADATA = '__metadata__'
const MAX_BYTES = 100_000_000

/** The length of the header, from the first 8 bytes of a file of `size` bytes. */
export function headerBytes(prefix: Uint8Array, size: number, file: string): number {
  if (size < 8) throw new FormatError(`${file}: expected at least 8 bytes, got ${size}`)
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true)
  const limit = Math.min(MAX_BYTES, size - 8)
  if (length > limit) throw new FormatError(`${file}: expected a header of at most ${limit} bytes, got ${length}`)
  return Number(length)
}

/** Checks a header as the reference implementation does: every byte of data belongs to exactly one tensor. */
export function parseHeader(json: Uint8Array, dataBytes: number, file: string): Header {
  const { [METADATA]: metadata = {}, ...tensors } = parseRecord(json, file, 'header')
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw new FormatError(`${file}: expected ${METADATA} to be strings by name, got ${JSON.stringify(metadata)}`)
  }
  const entries = Object.entries(tensors).map(([name, value]) => parseEntry(name, value, file))
  let offset = 0
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== offset)
      throw new FormatError(`${file}: tensor ${name}: expected data at offset ${offset}, got ${begin}`)
    offset = end
  }
  if (offset !== dataBytes) throw new FormatError(`${file}: expected ${offset} bytes of data, got ${dataBytes}`)
  return { entries, metadata: metadata as Metadata }
}

/** The 8-byte length and the header, padded with spaces to a multiple of 8. */
export function formatHeader(entries: readonly Entry[], metadata: Metadata): Uint8Array {
  const fields = entries.map(({ name, type, shape, begin, end }) => {
    return [name, { dtype: type, shape, data_offsets: [begin, end] }] as [string, unknown]
  })
  if (Object.keys(metadata).length > 0) fields.unshift([METADATA, metadata])
  const json = Buffer.from(JSON.stringify(Object.fromEntries(fields)))
  const length = Math.ceil(json.length / 8) * 8
  if (length > MAX_BYTES)
    throw new FormatError(`safetensors: expected a header of at most ${MAX_BYTES} bytes, got ${length}`)
  const bytes = Buffer.alloc(8 + length, ' ')
  bytes.writeBigUInt64LE(BigInt(length))
  bytes.set(json, 8)
  return bytes
}

function parseEntry(name: string, value: unknown, file: string): Entry {
  const fail = (what: string, got: unknown): never => {
    throw new FormatError(`${file}: tensor ${name}: expected ${what}, got ${summary(got)}`)
  }
  if (!isRecord(value)) return fail('a JSON object', value)
  const { dtype, shape, data_offsets: offsets } = value
  if (!isElementType(dtype)) return fail(`a dtype among ${Object.keys(elementBytes).join(', ')}`, dtype)
  if (!isCounts(shape)) return fail('a shape of non-negative integers', shape)
  if (!isCounts(offsets) || offsets.length !== 2) return fail('two data_offsets', offsets)
  const [begin, end] = offsets as [number, number]
  const bytes = shape.reduce((product, n) => product * n, elementBytes[dtype])
  if (end - begin !== bytes) return fail(`${bytes} bytes for ${dtype} ${showShape(shape)}`, end - begin)
  return { name, type: dtype, shape, begin, end }
}

function isElementType(value: unknown): value is ElementType {
  return typeof value === 'string' && Object.hasOwn(elementBytes, value)
}
