import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { FormatError } from '../errors.js'

/**
 * The bytes of a file, unpacked when it is compressed.
 * @throws {FormatError} when it is damaged, or unpacks to more than `maxOutputLength` bytes
 */
export async function readGzip(path: string, maxOutputLength: number): Promise<Uint8Array> {
  const bytes = await readFile(path)
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength })
  } catch (cause) {
    const got = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'more' : (cause as Error).message
    throw new FormatError(`${path}: expected gzip data of at most ${maxOutputLength} bytes unpacked, got ${got}`, {
      cause,
    })
  }
}
