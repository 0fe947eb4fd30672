import { availableParallelism } from 'node:os'
import { describe } from '../errors.js'
import { checkWhole } from '../ops/check.js'
import type { Tensor } from '../tensor.js'
import { readImage, type ReadOptions } from './decode.js'
import { checkPixelOptions } from './pixels.js'
import { loadSharp } from './sharp.js'

/** Options of {@link readImages}. */
export interface ReadImagesOptions extends ReadOptions {
  /** What a file that cannot be read does: throw (default), or be left out and reported in `skipped`. */
  onError?: 'throw' | 'skip' | undefined
  /** Files that are decoded at a time. Default: the processors at hand. */
  concurrency?: number | undefined
}

/** A file that was left out. */
export interface SkippedImage {
  /** Where it lies. */
  readonly path: string
  /** Why it could not be read. */
  readonly error: Error
}

/** What {@link readImages} gives. */
export interface ReadImages {
  /** uint8 [C, H, W] each, in the order of the paths. */
  readonly images: Tensor<'uint8'>[]
  /** Where each of them came from. */
  readonly paths: string[]
  /** The files that were left out. */
  readonly skipped: SkippedImage[]
}

/**
 * Many image files, decoded in parallel; see {@link readImage}.
 *
 * @throws {FormatError} {@link Error} of the first file that cannot be read, unless `onError` is `'skip'`
 */
export async function readImages(paths: readonly string[], options: ReadImagesOptions = {}): Promise<ReadImages> {
  const { onError = 'throw', concurrency = availableParallelism() } = options
  checkPixelOptions('readImages', options)
  checkWhole('readImages', 'concurrency', concurrency, 1)
  if (onError !== 'throw' && onError !== 'skip')
    throw new RangeError(`readImages: expected onError to be 'throw' or 'skip', got ${describe(onError)}`)
  await loadSharp()
  const results = new Array<Tensor<'uint8'> | Error>(paths.length)
  let next = 0
  let failed = false
  const decode = async (): Promise<void> => {
    while (next < paths.length && !failed) {
      const i = next++
      results[i] = await readImage(paths[i]!, options).catch((error: unknown) => error as Error)
      failed ||= onError === 'throw' && results[i] instanceof Error
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, paths.length) }, decode))
  return collect(paths, results, onError === 'throw')
}

function collect(paths: readonly string[], results: readonly (Tensor<'uint8'> | Error)[], throws: boolean): ReadImages {
  const read: ReadImages = { images: [], paths: [], skipped: [] }
  for (const [i, result] of results.entries()) {
    const path = paths[i]!
    if (result instanceof Error) read.skipped.push({ path, error: result })
    else if (result) {
      read.images.push(result)
      read.paths.push(path)
    }
  }
  if (!throws || read.skipped.length === 0) return read
  for (const image of read.images) image.dispose()
  throw read.skipped[0]!.error
}
