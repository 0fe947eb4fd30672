import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { crc32, deflateRaw } from 'node:zlib'

export interface ZipFile {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface ZipOptions {
  /** Deflate the files; default: store them. */
  compressed?: boolean
  /** Data begins at multiples of this, so that it can be mapped to memory; default 1. */
  align?: number
}

const FULL32 = 0xffffffff
const VERSION64 = 45
const UTF8 = 1 << 11
// 1980-01-01: the same content gives the same file.
const DATE = 0x21

/** Writes a zip file (PKWARE, APPNOTE 6.3), with zip64's fields where sizes need them. */
export async function writeZip(
  file: FileHandle,
  files: Iterable<ZipFile> | AsyncIterable<ZipFile>,
  { compressed = false, align = 1 }: ZipOptions = {},
): Promise<void> {
  const directory: Buffer[] = []
  let position = 0
  const put = async (bytes: Uint8Array): Promise<void> => {
    await file.writeFile(bytes)
    position += bytes.length
  }
  for await (const { name, bytes } of files) {
    const data: Uint8Array = compressed ? await promisify(deflateRaw)(bytes) : bytes
    const offset = position
    const fields = { name, crc: crc32(bytes), method: compressed ? 8 : 0, stored: data.length, size: bytes.length }
    await put(local(fields, offset, align))
    await put(data)
    directory.push(central(fields, offset))
  }
  const start = position
  for (const entry of directory) await put(entry)
  await put(ending(directory.length, position - start, start))
}

interface Fields {
  readonly name: string
  readonly crc: number
  readonly method: number
  readonly stored: number
  readonly size: number
}

/** Version, flags, method, time, date, checksum and sizes: the same in both headers. */
function common({ name, crc, method, stored, size }: Fields, extra: Buffer): { fields: Buffer; name: Buffer } {
  const named = Buffer.from(name)
  const fields = Buffer.alloc(26)
  const large = extra.length > 0 && extra.readUInt16LE(0) === 1
  fields.writeUInt16LE(large ? VERSION64 : 20, 0)
  fields.writeUInt16LE(UTF8, 2)
  fields.writeUInt16LE(method, 4)
  fields.writeUInt16LE(DATE, 8)
  fields.writeUInt32LE(crc, 10)
  fields.writeUInt32LE(large ? FULL32 : stored, 14)
  fields.writeUInt32LE(large ? FULL32 : size, 18)
  fields.writeUInt16LE(named.length, 22)
  fields.writeUInt16LE(extra.length, 24)
  return { fields, name: named }
}

const signature = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** Sizes, and for the directory the offset, where 32 bits do not hold them. */
function extra64({ stored, size }: Fields, offset?: number): Buffer {
  if (Math.max(stored, size, offset ?? 0) < FULL32) return Buffer.alloc(0)
  const values = offset === undefined ? [size, stored] : [size, stored, offset]
  const bytes = Buffer.alloc(4 + 8 * values.length)
  bytes.writeUInt16LE(1, 0)
  bytes.writeUInt16LE(8 * values.length, 2)
  values.forEach((value, i) => bytes.writeBigUInt64LE(BigInt(value), 4 + 8 * i))
  return bytes
}

function local(file: Fields, offset: number, align: number): Buffer {
  const sizes = extra64(file)
  const plain = offset + 30 + Buffer.byteLength(file.name) + sizes.length
  const gap = (align - (plain % align)) % align
  // An extra field takes at least its 4 bytes of header.
  const padding = gap === 0 ? 0 : gap < 4 ? gap + align : gap
  const pad = Buffer.alloc(padding)
  if (padding) {
    pad.write('FB', 'latin1') // "file boundary", as PyTorch calls it
    pad.writeUInt16LE(padding - 4, 2)
  }
  const extra = Buffer.concat([sizes, pad])
  const { fields, name } = common(file, extra)
  return Buffer.concat([signature(0x04034b50), fields, name, extra])
}

function central(file: Fields, offset: number): Buffer {
  const extra = extra64(file, offset)
  const { fields, name } = common(file, extra)
  const rest = Buffer.alloc(14)
  rest.writeUInt32LE(extra.length ? FULL32 : offset, 10)
  const version = Buffer.from([extra.length ? VERSION64 : 20, 0])
  return Buffer.concat([signature(0x02014b50), version, fields, rest, name, extra])
}

function ending(count: number, length: number, start: number): Buffer {
  const end = Buffer.alloc(22)
  const large = count >= 0xffff || length >= FULL32 || start >= FULL32
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(large ? 0xffff : count, 8)
  end.writeUInt16LE(large ? 0xffff : count, 10)
  end.writeUInt32LE(large ? FULL32 : length, 12)
  end.writeUInt32LE(large ? FULL32 : start, 16)
  if (!large) return end
  const end64 = Buffer.alloc(56)
  end64.writeUInt32LE(0x06064b50, 0)
  end64.writeBigUInt64LE(44n, 4)
  end64.writeUInt16LE(VERSION64, 12)
  end64.writeUInt16LE(VERSION64, 14)
  end64.writeBigUInt64LE(BigInt(count), 24)
  end64.writeBigUInt64LE(BigInt(count), 32)
  end64.writeBigUInt64LE(BigInt(length), 40)
  end64.writeBigUInt64LE(BigInt(start), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(start + length), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([end64, locator, end])
}
