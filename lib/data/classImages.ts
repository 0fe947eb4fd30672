import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, FormatError, ShapeError } from '../errors.js'
import { loadSafetensors, readMetadata, saveSafetensors } from '../io/safetensors.js'
import { tensor } from '../create.js'
import { checkSizes } from '../ops/check.js'
import { sameShape, showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { readPixels } from '../vision/decode.js'
import { findClasses } from './imageFolder.js'

/** Options of {@link loadClasses}. */
export interface ClassImagesOptions {
  /** What every image must be: [height, width]. */
  size: readonly [height: number, width: number]
  /** Folder of one file per class, which is read in place of the images where they are unchanged; default: none. */
  cache?: string | undefined
  /** How many classes there must be; default: any number. */
  classes?: number | undefined
}

/** The images of one class. */
export interface ClassImages {
  /** The folder's. */
  readonly name: string
  /** float32 [N, 1, height, width]: (pixel − 255/2) / 255, between −0.5 and 0.5. */
  readonly images: Tensor
  /** Files that could not be read, and why. */
  readonly skipped: readonly SkippedFile[]
  /** Whether they came from the cache. */
  readonly cached: boolean
}

/** A file that was left out. */
export interface SkippedFile {
  /** Where it lies. */
  readonly path: string
  /** Why it could not be read. */
  readonly reason: string
}

/** Files that are decoded at a time. */
const LANES = 8

/**
 * All grey images of a folder of folders, class by class. Files that cannot be read are left out and named; there is a
 * warning with their number.
 *
 * @throws {ShapeError} for an image of another size
 * @throws {FormatError} for another number of classes, or one without images
 * @throws {RangeError} for a size that is none
 */
export async function loadClasses(root: string, options: ClassImagesOptions): Promise<ClassImages[]> {
  const size = checkSizes('loadClasses', 'size', options.size, 2, 1) as [number, number]
  const loaded: ClassImages[] = []
  for (const name of findClasses(root, options.classes)) loaded.push(await loadClass(root, name, { ...options, size }))
  const skipped = loaded.flatMap((each) => each.skipped)
  if (skipped.length > 0)
    process.emitWarning(
      `${root}: ${skipped.length} of its files cannot be read and are left out: ${skipped.map(({ path }) => path).join(', ')}`,
    )
  return loaded
}

async function loadClass(root: string, name: string, { size, cache }: ClassImagesOptions): Promise<ClassImages> {
  const folder = join(root, name)
  const files = (await readdir(folder)).sort()
  if (cache === undefined) return { name, ...(await decode(folder, files, size)), cached: false }
  const file = join(cache, `${name}.safetensors`)
  const key = await fingerprint(folder, files, size)
  const old = await readCache(file, key)
  if (old) return { name, ...old, cached: true }
  const decoded = await decode(folder, files, size)
  await saveSafetensors(file, { images: decoded.images }, { key, skipped: JSON.stringify(decoded.skipped) })
  return { name, ...decoded, cached: false }
}

async function decode(folder: string, files: readonly string[], [height, width]: readonly [number, number]) {
  const pixels = height * width
  const values = new Float32Array(files.length * pixels)
  const failures = new Map<number, string>()
  let next = 0
  let failed = false
  const lane = async (): Promise<void> => {
    while (next < files.length && !failed) {
      const i = next++
      const path = join(folder, files[i]!)
      const image = await readPixels(path, { mode: 'gray' }).catch((error: unknown) => {
        if (!(error instanceof FormatError)) throw error
        failures.set(i, error.message)
      })
      if (!image) continue
      if (!sameShape([image.height, image.width], [height, width]))
        throw new ShapeError(
          `${path}: expected an image of ${height}×${width} pixels, got ${image.height}×${image.width}`,
        )
      for (const [p, value] of image.data.entries()) values[i * pixels + p] = (value - 255 / 2) / 255
    }
  }
  const end = (error: unknown): never => {
    failed = true
    throw error
  }
  await Promise.all(Array.from({ length: LANES }, () => lane().catch(end)))
  const skipped = [...failures]
    .sort(([a], [b]) => a - b)
    .map(([i, reason]) => ({ path: join(folder, files[i]!), reason }))
  let kept = 0
  for (const i of files.keys()) if (!failures.has(i)) values.copyWithin(kept++ * pixels, i * pixels, (i + 1) * pixels)
  if (kept === 0) throw new FormatError(`${folder}: expected images, got none that can be read`)
  return { images: tensor(values.subarray(0, kept * pixels), { shape: [kept, 1, height, width] }), skipped }
}

/** Undefined when it is missing, damaged, or of other files. */
async function readCache(file: string, key: string) {
  try {
    const metadata = await readMetadata(file)
    if (metadata.key !== key) return undefined
    const { images } = await loadSafetensors(file)
    return images && { images, skipped: JSON.parse(metadata.skipped!) as SkippedFile[] }
  } catch (error) {
    if (error instanceof FormatError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Of the files' names, sizes and times. */
async function fingerprint(folder: string, files: readonly string[], size: readonly number[]): Promise<string> {
  const hash = createHash('sha256').update(showShape(size))
  const stats = await Promise.all(files.map((name) => stat(join(folder, name))))
  for (const [i, { size, mtimeMs }] of stats.entries()) hash.update(describe([files[i], size, mtimeMs]))
  return hash.digest('hex')
}
