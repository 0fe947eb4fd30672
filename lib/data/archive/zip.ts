import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { describe } from '../../errors.js'
import { readAt, readDirectory, type ZipEntry } from './directory.js'
import type { Target } from './target.js'

const LOCAL = 0x04034b50
const STORED = 0
const DEFLATED = 8
const FOLDER = 0o040000
const FILE = 0o100000
/** Bytes that are unpacked at a time. */
const PIECE = 2 ** 16

/** Unpacks a zip archive. Names, sizes and checksums are those of its directory. */
export async function unzip(path: string, target: Target): Promise<void> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    for await (const entry of readDirectory(file, size, target)) {
      const { name, type } = entry
      if (type !== 0 && type !== FOLDER && type !== FILE)
        throw target.fail('files and folders', `${describe(name)} of type 0o${type.toString(8)}`)
      if (name.endsWith('/')) await target.addFolder(name)
      else await target.addFile(name, entry.size, contentsOf(file, entry, target))
    }
  } finally {
    await file.close()
  }
}

async function* contentsOf(file: FileHandle, entry: ZipEntry, target: Target): AsyncGenerator<Uint8Array> {
  const { name, method, size, crc } = entry
  const problem = (expected: string, got: string, cause?: unknown) =>
    target.fail(`${expected} of ${describe(name)}`, got, cause)
  if (entry.encrypted || (method !== STORED && method !== DEFLATED))
    throw problem('stored or deflated bytes', entry.encrypted ? 'encrypted ones' : `ones of method ${method}`)
  let unpacked = 0
  let sum = 0
  const packed = await packedBytes(file, entry, target)
  for await (const chunk of method === STORED ? packed : inflate(packed, problem)) {
    unpacked += chunk.length
    if (unpacked > size) throw problem(`${size} bytes`, 'more')
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (unpacked !== size) throw problem(`${size} bytes`, String(unpacked))
  if (sum !== crc) throw problem(`checksum ${crc.toString(16)}`, sum.toString(16))
}

async function packedBytes(file: FileHandle, { offset, packed }: ZipEntry, target: Target) {
  const header = await readAt(file, offset, 30, target)
  if (header.readUInt32LE() !== LOCAL) throw target.fail(`an entry at ${offset}`, 'none')
  const start = offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
  return (async function* () {
    for (let at = 0; at < packed; at += PIECE) yield readAt(file, start + at, Math.min(PIECE, packed - at), target)
  })()
}

async function* inflate(
  packed: AsyncIterable<Uint8Array>,
  problem: (expected: string, got: string, cause: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  const { Inflate } = await import('fflate')
  let chunks: Uint8Array[] = []
  const stream = new Inflate((chunk) => void chunks.push(chunk))
  const push = (bytes: Uint8Array, final: boolean) => {
    chunks = []
    try {
      stream.push(bytes, final)
    } catch (cause) {
      throw problem('deflated bytes', (cause as Error).message, cause)
    }
    return chunks
  }
  for await (const bytes of packed) yield* push(bytes, false)
  yield* push(new Uint8Array(), true)
}
