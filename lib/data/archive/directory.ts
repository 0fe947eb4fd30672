import type { FileHandle } from 'node:fs/promises'
import type { Target } from './target.js'

/** An entry of a zip archive's central directory. */
export interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly crc: number
  /** Bytes in the archive. */
  readonly packed: number
  readonly size: number
  /** Where its local header stands. */
  readonly offset: number
  readonly encrypted: boolean
  /** Unix's file type, 0 where none is told. */
  readonly type: number
}

const END = 0x06054b50
const END64 = 0x06064b50
const LOCATOR64 = 0x07064b50
const ENTRY = 0x02014b50
const MAX_COMMENT = 0xffff
const MAX_ENTRY = 46 + 3 * 0xffff

/**
 * The entries of a zip archive, read piece by piece (PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16, with the 64-bit
 * fields of 4.5.3).
 */
export async function* readDirectory(file: FileHandle, size: number, target: Target): AsyncGenerator<ZipEntry> {
  const { offset, bytes } = await findDirectory(file, size, target)
  let piece: Buffer = Buffer.alloc(0)
  let start = offset
  for (let at = offset; at < offset + bytes;) {
    if (at + MAX_ENTRY > start + piece.length && start + piece.length < offset + bytes) {
      piece = await readAt(file, at, Math.min(offset + bytes - at, 8 * MAX_ENTRY), target)
      start = at
    }
    const { entry, length } = parseEntry(piece.subarray(at - start), target)
    yield entry
    at += length
  }
}

export async function readAt(file: FileHandle, offset: number, length: number, target: Target): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset)
  if (bytesRead === length) return buffer
  throw target.fail(`${length} bytes of a zip archive at ${offset}`, String(bytesRead))
}

async function findDirectory(file: FileHandle, size: number, target: Target) {
  const tail = await readAt(file, Math.max(0, size - MAX_COMMENT - 22), Math.min(size, MAX_COMMENT + 22), target)
  let end = tail.length - 22
  while (end >= 0 && !(tail.readUInt32LE(end) === END && tail.readUInt16LE(end + 20) === tail.length - end - 22)) end--
  if (end < 0) throw target.fail("a zip archive's end of directory", 'none')
  let [bytes, offset] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)]
  if (end >= 20 && tail.readUInt32LE(end - 20) === LOCATOR64) {
    const end64 = await readAt(file, number64(tail, end - 12, target), 56, target)
    if (end64.readUInt32LE() !== END64) throw target.fail("a zip archive's end of directory of 64 bits", 'none')
    bytes = number64(end64, 40, target)
    offset = number64(end64, 48, target)
  }
  if (offset + bytes > size) throw target.fail(`a directory within ${size} bytes`, `one up to ${offset + bytes}`)
  return { offset, bytes }
}

function parseEntry(bytes: Buffer, target: Target): { entry: ZipEntry; length: number } {
  if (bytes.length < 46 || bytes.readUInt32LE() !== ENTRY) throw target.fail('an entry of a zip directory', 'none')
  const nameEnd = 46 + bytes.readUInt16LE(28)
  const extraEnd = nameEnd + bytes.readUInt16LE(30)
  const length = extraEnd + bytes.readUInt16LE(32)
  if (length > bytes.length) throw target.fail(`an entry of a zip directory of ${length} bytes`, String(bytes.length))
  const name = bytes.subarray(46, nameEnd)
  const flags = bytes.readUInt16LE(8)
  const long = longField(bytes.subarray(nameEnd, extraEnd))
  let taken = 0
  const number = (at: number) => {
    const short = bytes.readUInt32LE(at)
    if (short !== 0xffffffff) return short
    if (taken + 8 > long.length) throw target.fail('a length of 64 bits', 'none')
    return number64(long, (taken += 8) - 8, target)
  }
  const [size, packed, offset] = [number(24), number(20), number(42)]
  const entry = {
    name: name.toString('utf8'),
    method: bytes.readUInt16LE(10),
    crc: bytes.readUInt32LE(16),
    packed,
    size,
    offset,
    encrypted: (flags & 1) !== 0,
    type: bytes[5] === 3 ? bytes.readUInt16LE(40) & 0o170000 : 0,
  }
  return { entry, length }
}

/** The extra field of numbers that do not fit 32 bits. */
function longField(extra: Buffer): Buffer {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2))
    if (extra.readUInt16LE(at) === 1) return extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2))
  return Buffer.alloc(0)
}

function number64(bytes: Buffer, at: number, target: Target): number {
  const value = Number(bytes.readBigUInt64LE(at))
  if (Number.isSafeInteger(value)) return value
  throw target.fail('a length below 2^53', String(value))
}
