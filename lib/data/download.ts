import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { DownloadError } from '../errors.js'
import { writeAtomically } from '../io/atomic.js'

/** How far a download is. */
export interface Progress {
  /** Where the file comes from. */
  readonly url: string
  /** Bytes so far. */
  readonly received: number
  /** Bytes in all, where the server says so. */
  readonly total: number | undefined
}

/** Options of {@link fetchFile}. */
export interface FetchOptions {
  /** Hexadecimal checksum that the file must have. */
  sha256?: string
  /** Called as bytes arrive. */
  onProgress?: (progress: Progress) => void
  /** Ends the download; what had arrived is removed. */
  signal?: AbortSignal
}

/**
 * Brings a file to `target` from the first of several mirrors that delivers it. A file that is there already, with the
 * right checksum, is left alone; a download that fails leaves nothing behind.
 *
 * CONVCORE_OFFLINE forbids downloads.
 *
 * @throws {DownloadError} naming every URL, why it failed, and where to put the file by hand; the signal's reason when aborted
 */
export async function fetchFile(
  urls: string | readonly string[],
  target: string,
  options: FetchOptions = {},
): Promise<void> {
  const { sha256, signal } = options
  signal?.throwIfAborted()
  if (await isComplete(target, sha256)) return
  const failures: string[] = []
  for (const url of [urls].flat()) {
    try {
      if (process.env.CONVCORE_OFFLINE) throw new Error('CONVCORE_OFFLINE forbids downloads')
      await writeAtomically(target, (file) => download(url, file, options))
      return
    } catch (error) {
      signal?.throwIfAborted()
      failures.push(`  ${url}: ${reason(error)}`)
    }
  }
  const checksum = sha256 ? ` (sha256 ${sha256})` : ''
  throw new DownloadError(`download failed\n${failures.join('\n')}\nput the file${checksum} at ${target} by hand`)
}

async function download(url: string, file: FileHandle, { sha256, onProgress, signal }: FetchOptions): Promise<void> {
  const response = await fetch(url, { signal: signal ?? null })
  if (!response.ok || !response.body) {
    await response.body?.cancel()
    throw new Error(`expected a file, got HTTP ${response.status} ${response.statusText}`)
  }
  const length = response.headers.get('content-encoding') ? undefined : Number(response.headers.get('content-length'))
  const total = length || undefined
  const hash = createHash('sha256')
  let received = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    await file.writeFile(chunk)
    hash.update(chunk)
    received += chunk.length
    onProgress?.({ url, received, total })
  }
  if (total !== undefined && received !== total) throw new Error(`expected ${total} bytes, got ${received}`)
  const digest = hash.digest('hex')
  if (sha256 && digest !== sha256) throw new Error(`expected sha256 ${sha256}, got ${digest}`)
}

async function isComplete(path: string, sha256: string | undefined): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) return false
  if (!sha256) return true
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex') === sha256
}

/** `fetch` says only 'fetch failed'; why stands in its cause. */
function reason(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message}: ${cause.message || (cause as NodeJS.ErrnoException).code}` : message
}
