import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { describe } from '../../errors.js'
import { type Source, sourceOf } from '../../io/source.js'
import { dataStart, readDirectory, type ZipEntry } from '../../io/zip/read.js'
import type { Target } from './target.js'

const FOLDER = 0o040000
const FILE = 0o100000
/** Bytes that are unpacked at a time. */
const PIECE = 2 ** 16

/** Unpacks a zip archive. Names, sizes and checksums are those of its directory. */
export async function unzip(path: string, target: Target): Promise<void> {
  const file = await open(path)
  try {
    const source = await sourceOf(file, path)
    for (const entry of (await readDirectory(source)).values()) {
      const { name, type } = entry
      if (type !== 0 && type !== FOLDER && type !== FILE)
        throw target.fail('files and folders', `${describe(name)} of type 0o${type.toString(8)}`)
      if (name.endsWith('/')) await target.addFolder(name)
      else await target.addFile(name, entry.size, contentsOf(source, entry, target))
    }
  } finally {
    await file.close()
  }
}

async function* contentsOf(source: Source, entry: ZipEntry, target: Target): AsyncGenerator<Uint8Array> {
  const { name, size, crc } = entry
  const problem = (expected: string, got: string, cause?: unknown) =>
    target.fail(`${expected} of ${describe(name)}`, got, cause)
  let unpacked = 0
  let sum = 0
  const stored = storedBytes(source, entry)
  for await (const chunk of entry.deflated ? inflate(stored, problem) : stored) {
    unpacked += chunk.length
    if (unpacked > size) throw problem(`${size} bytes`, 'more')
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (unpacked !== size) throw problem(`${size} bytes`, String(unpacked))
  if (sum !== crc) throw problem(`checksum ${crc.toString(16)}`, sum.toString(16))
}

async function* storedBytes(source: Source, entry: ZipEntry): AsyncGenerator<Uint8Array> {
  const start = await dataStart(source, entry)
  for (let at = 0; at < entry.stored; at += PIECE) yield source.read(start + at, Math.min(PIECE, entry.stored - at))
}

async function* inflate(
  stored: AsyncIterable<Uint8Array>,
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
  for await (const bytes of stored) yield* push(bytes, false)
  yield* push(new Uint8Array(), true)
}
