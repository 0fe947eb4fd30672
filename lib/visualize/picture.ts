import type { Writable } from 'node:stream'
import { describe } from '../errors.js'
import { writeAtomically } from '../io/atomic.js'
import { type TextOptions, textOptionsOf } from './terminal.js'

/** Something to look at: in a file, a page or the terminal. */
export abstract class Picture {
  constructor(
    /** In pixels. */
    readonly width: number,
    /** In pixels. */
    readonly height: number,
  ) {}

  /** As a document of its own, without references to anything outside. */
  abstract svg(): Promise<string>

  /** As the bytes of a file. @throws {Error} when the package sharp is not installed */
  abstract png(): Promise<Uint8Array>

  /** As lines of characters; without options 80 columns and no colours. */
  abstract text(options?: TextOptions): string

  /**
   * Writes a file, whose folders are made; it appears as a whole or not at all.
   * @param path ending in .png or .svg
   * @throws {RangeError} for other endings
   */
  async save(path: string): Promise<void> {
    const [, ending] = /\.(png|svg)$/i.exec(path) ?? []
    if (!ending) throw new RangeError(`save: expected a path ending in .png or .svg, got ${describe(path)}`)
    const content = ending.toLowerCase() === 'png' ? await this.png() : await this.svg()
    await writeAtomically(path, (file) => file.writeFile(content))
  }

  /**
   * Shows it in the terminal, as wide as that allows. Colours are for terminals that have them, and not where the
   * environment sets NO_COLOR.
   */
  print(stream: Writable = process.stdout): void {
    stream.write(this.text(textOptionsOf(stream)))
  }
}
