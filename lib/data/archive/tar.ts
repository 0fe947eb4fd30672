import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import type { Parser, ReadEntry } from 'tar'
import { describe } from '../../errors.js'
import type { Target } from './target.js'

const FILES = ['File', 'OldFile', 'ContiguousFile']

/** Unpacks a tar file. */
export const untar = (path: string, target: Target): Promise<void> => read(createReadStream(path), target)

/** Unpacks a tar file that is compressed. */
export function untarGzip(path: string, target: Target): Promise<void> {
  const raw = createReadStream(path)
  const unzipped = createGunzip()
  raw.on('error', (error) => unzipped.destroy(error))
  unzipped.on('close', () => raw.destroy())
  return read(raw.pipe(unzipped), target)
}

async function read(bytes: AsyncIterable<Buffer>, target: Target): Promise<void> {
  const { Parser } = await import('tar')
  const entries = new Entries(new Parser({ strict: true, zstd: false, maxDecompressionRatio: Infinity }), target)
  try {
    for await (const chunk of bytes) {
      target.read(chunk.length)
      await entries.push(chunk)
    }
    await entries.end()
  } catch (cause) {
    await entries.drop(cause as Error)
    const { code = '', message } = cause as NodeJS.ErrnoException
    throw /^(Z_|ERR_ZLIB|TAR_)/.test(code) ? target.fail('a tar archive, plain or gzip', message, cause) : cause
  }
}

/** The parser's events as promises. */
class Entries {
  #failure: Error | undefined
  #marked = false
  #entry: ReadEntry | undefined
  #writing: Promise<void> | undefined

  constructor(
    private readonly parser: Parser,
    private readonly target: Target,
  ) {
    const fail = (error: Error) => parser.emit('error', error)
    parser.on('error', (error: Error) => (this.#failure ??= error))
    parser.on('eof', () => (this.#marked = true))
    parser.on('ignoredEntry', ({ type, size }: ReadEntry) =>
      fail(target.fail('files and folders', `an entry of type ${type} and ${size} bytes`)),
    )
    parser.on('entry', (entry: ReadEntry) => {
      this.#entry = entry
      this.#writing = this.#write(entry)
      this.#writing.catch(fail)
    })
  }

  async push(chunk: Buffer): Promise<void> {
    if (this.#marked) return // what follows the end is filling
    if (!this.parser.write(chunk) && !this.#failure) await once(this.parser, 'drain')
    if (this.#failure) throw this.#failure
  }

  async end(): Promise<void> {
    const ended = once(this.parser, 'end')
    this.parser.end()
    await ended
    if (!this.#marked) throw this.target.fail('a mark at the end of the archive', 'none')
  }

  /** Waits for an entry that is being written and whose rest will not come. */
  async drop(cause: Error): Promise<void> {
    this.#failure ??= cause
    this.#entry?.destroy()
    await this.#writing?.catch(() => undefined)
  }

  async #write(entry: ReadEntry): Promise<void> {
    const { path, type, size } = entry
    if (type === 'Directory') {
      await this.target.addFolder(path)
      entry.resume()
    } else if (FILES.includes(type)) await this.target.addFile(path, size, this.#contents(entry))
    else throw this.target.fail('files and folders', `${describe(path)} of type ${type}`)
  }

  async *#contents(entry: ReadEntry): AsyncGenerator<Uint8Array> {
    if (this.#failure) throw this.#failure
    for await (const chunk of entry) yield chunk
  }
}
