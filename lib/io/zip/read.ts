import { promisify } from 'node:util'
import { constants, crc32, inflateRaw } from 'node:zlib'
import { FormatError } from '../../errors.js'
import type { Bytes, Source } from '../source.js'

/** What a zip file's directory says of one of its files. */
export interface ZipEntry {
  readonly name: string
  readonly deflated: boolean
  /** Bytes in the zip file. */
  readonly stored: number
  /** Bytes once unpacked. */
  readonly size: number
  readonly crc: number
  /** Where its local header begins. */
  readonly offset: number
  /** Unix's file type, 0 where none is told. */
  readonly type: number
}

const END = 0x06054b50
const END_BYTES = 22
const END64 = 0x06064b50
const LOCATOR64 = 0x07064b50
const ENTRY = 0x02014b50
const ENTRY_BYTES = 46
const LOCAL = 0x04034b50
const LOCAL_BYTES = 30
const FULL32 = 0xffffffff
const UNIX = 3

export const isZip = (prefix: Uint8Array): boolean =>
  Buffer.from(prefix.subarray(0, 4)).equals(Buffer.from('PK\x03\x04'))

/**
 * The directory of a zip file, zip64 too (PKWARE, APPNOTE 6.3). No two files in it may share bytes, so that a small zip
 * file cannot hold much.
 *
 * @throws {FormatError} naming the file and what was expected
 */
export async function readDirectory(source: Source): Promise<Map<string, ZipEntry>> {
  const { path } = source
  const { start, length } = await findDirectory(source)
  const bytes = Buffer.from((await source.read(start, length)).buffer)
  const entries = new Map<string, ZipEntry>()
  for (let at = 0; at < length;) {
    if (at + ENTRY_BYTES > length || bytes.readUInt32LE(at) !== ENTRY)
      throw new FormatError(`${path}: expected an entry of a zip directory at ${start + at}, got none`)
    const lengths = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field)) as [number, number, number]
    const end = at + ENTRY_BYTES + lengths[0] + lengths[1] + lengths[2]
    if (end > length) throw new FormatError(`${path}: expected an entry within the zip directory, got one beyond it`)
    const entry = parseEntry(bytes.subarray(at, end), lengths[0], lengths[1], path)
    if (entries.has(entry.name)) throw new FormatError(`${path}: expected each name once, got ${entry.name} twice`)
    entries.set(entry.name, entry)
    at = end
  }
  checkDisjoint([...entries.values()], start, path)
  return entries
}

/** Of what is deflated, this many bytes are read to look at the beginning; they unpack to at most 1032 times as many. */
const PEEK = 16_384

/** The beginning of a file, without unpacking the rest. */
export async function peekEntry(source: Source, entry: ZipEntry): Promise<Uint8Array> {
  const name = `${source.path}: ${entry.name}`
  const start = await dataStart(source, entry)
  const bytes = await source.read(start, Math.min(entry.stored, PEEK))
  if (!entry.deflated) return bytes
  try {
    return await promisify(inflateRaw)(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch (cause) {
    throw new FormatError(`${name}: expected deflated data, got ${(cause as Error).message}`, { cause })
  }
}

/** @throws {FormatError} when it is damaged, or unpacks to more than `limit` bytes */
export async function readEntry(
  source: Source,
  entry: ZipEntry,
  limit: number,
  { checksum = true }: { checksum?: boolean } = {},
): Promise<Bytes> {
  const name = `${source.path}: ${entry.name}`
  if (entry.size > limit) throw new FormatError(`${name}: expected at most ${limit} bytes, got ${entry.size}`)
  const stored = await source.read(await dataStart(source, entry), entry.stored)
  const bytes = entry.deflated ? await inflate(stored, entry.size, name) : stored
  if (bytes.length !== entry.size)
    throw new FormatError(`${name}: expected ${entry.size} bytes unpacked, got ${bytes.length}`)
  if (checksum && crc32(bytes) !== entry.crc)
    throw new FormatError(`${name}: expected bytes of the checksum ${entry.crc}, got others`)
  return bytes
}

/** Where what is stored of a file begins. */
export async function dataStart(source: Source, { name, offset }: ZipEntry): Promise<number> {
  const header = Buffer.from((await source.read(offset, LOCAL_BYTES)).buffer)
  if (header.readUInt32LE(0) !== LOCAL)
    throw new FormatError(`${source.path}: ${name}: expected a local header of zip, got none`)
  return offset + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28)
}

async function inflate(stored: Uint8Array, size: number, name: string): Promise<Bytes> {
  try {
    const buffer = await promisify(inflateRaw)(stored, { maxOutputLength: Math.max(size, 1) })
    return Uint8Array.from(buffer)
  } catch (cause) {
    const got = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'more' : (cause as Error).message
    throw new FormatError(`${name}: expected deflated data of ${size} bytes, got ${got}`, { cause })
  }
}

async function findDirectory(source: Source): Promise<{ start: number; length: number }> {
  const { path, size } = source
  const tailStart = Math.max(0, size - END_BYTES - 0xffff)
  const tail = Buffer.from((await source.read(tailStart, size - tailStart)).buffer)
  let at = tail.length - END_BYTES
  // The comment behind it ends with the file.
  while (at >= 0 && !(tail.readUInt32LE(at) === END && at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length))
    at--
  if (at < 0) throw new FormatError(`${path}: expected a zip file, got one without a directory`)
  let [count, length, start] = [tail.readUInt16LE(at + 10), tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)]
  if (at >= 20 && tail.readUInt32LE(at - 20) === LOCATOR64) {
    const end64 = Buffer.from((await source.read(whole(tail, at - 12, path), 56)).buffer)
    if (end64.readUInt32LE(0) !== END64) throw new FormatError(`${path}: expected a zip64 directory, got none`)
    ;[count, length, start] = [whole(end64, 32, path), whole(end64, 40, path), whole(end64, 48, path)]
  }
  if (start + length > size || count * ENTRY_BYTES > length)
    throw new FormatError(`${path}: expected a zip directory of ${count} entries within the file, got one beyond it`)
  return { start, length }
}

function parseEntry(bytes: Buffer, nameLength: number, extraLength: number, path: string): ZipEntry {
  const name = bytes.toString('utf8', ENTRY_BYTES, ENTRY_BYTES + nameLength)
  const flags = bytes.readUInt16LE(8)
  const method = bytes.readUInt16LE(10)
  if (flags & 1) throw new FormatError(`${path}: expected no encryption, got some of ${name}`)
  if (method !== 0 && method !== 8)
    throw new FormatError(`${path}: expected ${name} stored or deflated, got zip's method ${method}`)
  const extra = bytes.subarray(ENTRY_BYTES + nameLength, ENTRY_BYTES + nameLength + extraLength)
  const fields = [bytes.readUInt32LE(24), bytes.readUInt32LE(20), bytes.readUInt32LE(42)]
  const [size, stored, offset] = fill64(fields, extra, path) as [number, number, number]
  if (method === 0 && stored !== size)
    throw new FormatError(`${path}: expected ${size} bytes of ${name}, which is stored, got ${stored}`)
  const type = bytes[5] === UNIX ? bytes.readUInt16LE(40) & 0o170000 : 0
  return { name, deflated: method === 8, stored, size, crc: bytes.readUInt32LE(16), offset, type }
}

/** Numbers that 32 bits do not hold stand in the extra field 1, in the same order. */
function fill64(fields: number[], extra: Buffer, path: string): number[] {
  if (!fields.includes(FULL32)) return fields
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2)
    if (extra.readUInt16LE(at) === 1) {
      let from = at + 4
      return fields.map((field) => {
        if (field !== FULL32) return field
        if (from + 8 > Math.min(end, extra.length))
          throw new FormatError(`${path}: expected sizes in an extra field of zip64, got too few`)
        from += 8
        return whole(extra, from - 8, path)
      })
    }
    at = end
  }
  throw new FormatError(`${path}: expected an extra field of zip64, got none`)
}

function whole(bytes: Buffer, at: number, path: string): number {
  const value = bytes.readBigUInt64LE(at)
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new FormatError(`${path}: expected a size or an offset within the file, got ${value}`)
  return Number(value)
}

function checkDisjoint(entries: ZipEntry[], end: number, path: string): void {
  let free = 0
  for (const { name, offset, stored } of entries.sort((a, b) => a.offset - b.offset)) {
    if (offset < free) throw new FormatError(`${path}: expected files beside each other, got ${name} in another`)
    free = offset + LOCAL_BYTES + stored
    if (free > end) throw new FormatError(`${path}: expected ${name} before the zip directory, got it beyond`)
  }
}
