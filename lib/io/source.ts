import { type FileHandle, open } from 'node:fs/promises'
import { describe, FormatError } from '../errors.js'

/** `Uint8Array<ArrayBuffer>`, as TypeScript before 5.7 reads it too. */
export type Bytes = Uint8Array & { readonly buffer: ArrayBuffer }

/** A file that is open for reading at any place. */
export interface Source {
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** @throws {FormatError} when the file ends before */
  read(start: number, length: number): Promise<Bytes>
}

/**
 * Opens a file for as long as `use` takes, or takes bytes as one, called `name`.
 * @throws {TypeError} for anything else
 */
export async function withSource<T>(
  path: string | Uint8Array,
  use: (source: Source) => T | Promise<T>,
  name = 'bytes',
): Promise<T> {
  if (path instanceof Uint8Array) return use(bytesSource(path, name))
  if (typeof path !== 'string') throw new TypeError(`${name}: expected a path or bytes, got ${describe(path)}`)
  const file = await open(path)
  try {
    return await use(await sourceOf(file, path))
  } finally {
    await file.close()
  }
}

export async function sourceOf(file: FileHandle, path: string): Promise<Source> {
  const { size } = await file.stat()
  return { path, size, read: (start, length) => readRange(file, start, length, size, path) }
}

function bytesSource(bytes: Uint8Array, path: string): Source {
  const size = bytes.length
  const read = (start: number, length: number): Promise<Bytes> =>
    length <= size - start
      ? Promise.resolve(Uint8Array.from(bytes.subarray(start, start + length)))
      : Promise.reject(
          new FormatError(`${path}: expected ${length} bytes at ${start}, got ${Math.max(size - start, 0)}`),
        )
  return { path, size, read }
}

/** One read call gives at most 2 GiB. */
async function readRange(file: FileHandle, start: number, length: number, size: number, path: string): Promise<Bytes> {
  const there = Math.max(size - start, 0)
  if (length > there) throw new FormatError(`${path}: expected ${length} bytes at ${start}, got ${there}`)
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, 2 ** 30), start + done)
    if (bytesRead === 0) throw new FormatError(`${path}: expected ${length} bytes at ${start}, got ${done}`)
    done += bytesRead
  }
  return bytes
}
