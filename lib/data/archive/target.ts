import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, FormatError } from '../../errors.js'

/** Options of `extractArchive`: what to leave out, and limits for archives of strangers. */
export interface ExtractOptions {
  /** Leading folders of entries to leave out; entries that are no deeper are left out altogether. Default 0. */
  strip?: number | undefined
  /** Default 2,000,000. */
  maxEntries?: number | undefined
  /** Bytes of all files together; default 16 GiB. */
  maxBytes?: number | undefined
  /** The same for every byte of the archive, from 16 MiB on; default 200. */
  maxRatio?: number | undefined
  /** Called after each entry. */
  onEntry?: ((entry: string) => void) | undefined
  /** Ends the unpacking; what was unpacked is removed. */
  signal?: AbortSignal | undefined
}

/** Bytes that any archive may unpack to, however small it is. */
const SLACK = 2 ** 24

/** The folder that an archive is unpacked to: it takes no entry that leads elsewhere, and no more than its limits. */
export class Target {
  readonly maxEntries: number
  readonly #strip: number
  readonly #maxBytes: number
  readonly #onEntry: (entry: string) => void
  readonly #signal: AbortSignal | undefined
  readonly #made = new Set<string>()
  #entries = 0
  #bytes = 0
  #read = 0

  /** @param archive the file's path, for errors, and its size in bytes */
  constructor(
    readonly archive: string,
    private readonly folder: string,
    archiveBytes: number,
    options: ExtractOptions,
  ) {
    const { strip = 0, maxEntries = 2e6, maxBytes = 2 ** 34, maxRatio = 200, onEntry = () => undefined } = options
    this.maxEntries = maxEntries
    this.#strip = strip
    this.#maxBytes = Math.min(maxBytes, Math.max(SLACK, archiveBytes * maxRatio))
    this.#onEntry = onEntry
    this.#signal = options.signal
  }

  fail(expected: string, got: string, cause?: unknown): FormatError {
    return new FormatError(`${this.archive}: expected ${expected}, got ${got}`, { cause })
  }

  /** Counts bytes of the archive after decompression, contents or not. */
  read(bytes: number): void {
    this.#signal?.throwIfAborted()
    this.#read += bytes
    if (this.#read > 2 * this.#maxBytes + SLACK) throw this.#tooMuch()
  }

  async addFolder(entry: string): Promise<void> {
    this.#countEntry()
    const path = this.#pathOf(entry)
    if (path !== undefined) await this.#make(path)
    this.#onEntry(entry)
  }

  /** @param claimed bytes that the archive says it has */
  async addFile(entry: string, claimed: number, contents: AsyncIterable<Uint8Array>): Promise<void> {
    this.#countEntry()
    this.#checkBytes(claimed)
    const path = this.#pathOf(entry)
    let file: FileHandle | undefined
    try {
      if (path !== undefined) {
        await this.#make(dirname(path))
        file = await open(path, 'w')
      }
      for await (const chunk of contents) {
        this.#checkBytes(chunk.length)
        this.#bytes += chunk.length
        await file?.writeFile(chunk)
      }
    } finally {
      await file?.close()
    }
    this.#onEntry(entry)
  }

  /** Undefined for what `strip` leaves out. */
  #pathOf(entry: string): string | undefined {
    const parts = entry.split('/').filter((part) => part !== '' && part !== '.')
    if (/^\/|^[a-z]:|[\\\0]/i.test(entry) || parts.includes('..'))
      throw this.fail('entries within the folder', describe(entry))
    const kept = parts.slice(this.#strip)
    return kept.length > 0 ? join(this.folder, ...kept) : undefined
  }

  async #make(folder: string): Promise<void> {
    if (this.#made.has(folder)) return
    await mkdir(folder, { recursive: true })
    this.#made.add(folder)
  }

  #countEntry(): void {
    this.#signal?.throwIfAborted()
    if (++this.#entries > this.maxEntries) throw this.fail(`at most ${this.maxEntries} entries`, 'more')
  }

  #checkBytes(more: number): void {
    if (this.#bytes + more > this.#maxBytes) throw this.#tooMuch()
  }

  #tooMuch(): FormatError {
    return this.fail(`at most ${this.#maxBytes} bytes unpacked (maxBytes, maxRatio)`, 'more')
  }
}
