import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, FormatError } from '../errors.js'
import { scope } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { readImage } from '../vision/decode.js'
import { checkIndex, type Dataset } from './dataset.js'
import { SkipSample } from './samples.js'
import { type Recipe, recipe, REMAKE } from './workers/recipe.js'

/** Options of {@link ImageFolder}. */
export interface ImageFolderOptions<Image, Target> {
  /** Makes of an image, uint8 [3, H, W], what a sample has in its place; runs in a scope. Default: the image as it is. */
  transform?: ((image: Tensor) => Image) | undefined
  /** Makes of a label what a sample has in its place. Default: the label as it is. */
  targetTransform?: ((label: number) => Target) | undefined
  /** Endings of the files to take, in any case; default: those of `IMAGE_EXTENSIONS`. */
  extensions?: readonly string[] | undefined
  /** Reads a file; default: `vision.readImage(path, { mode: 'rgb' })`. */
  loader?: ((path: string) => Tensor | Promise<Tensor>) | undefined
  /** What a file that cannot be read does: throw (default), or be left out by the `DataLoader`, which tells of it. */
  onError?: 'throw' | 'skip' | undefined
}

/** Endings of image files that are taken by default: torchvision's, of those that can be read; GIFs are not among them. */
export const IMAGE_EXTENSIONS: readonly string[] = ['.jpg', '.jpeg', '.png', '.tif', '.tiff', '.webp', '.avif']

/**
 * Images in one folder per class, torchvision's `ImageFolder`: `root/ant/1.jpg`, `root/bee/any/depth/2.png`. Classes are
 * numbered in the order of their names. A sample is `[image, label]`, read from the disk when it is asked for.
 */
export class ImageFolder<Image = Tensor, Target = number> implements Dataset<[Image, Target]> {
  /** The folder of the classes' folders. */
  readonly root: string
  /** The classes' names, by label. */
  readonly classes: readonly string[]
  /** The label of each class. */
  readonly classToIdx: Readonly<Record<string, number>>
  /** Paths and labels, class by class, by name. */
  readonly samples: readonly (readonly [path: string, label: number])[]
  /** Files in the classes' folders that have other endings. */
  readonly ignored: readonly string[]
  readonly #options: ImageFolderOptions<Image, Target>

  /**
   * @throws {FormatError} when there is no class, or a class without images
   * @throws {RangeError} for another `onError`
   */
  constructor(root: string, options: ImageFolderOptions<Image, Target> = {}) {
    const { extensions = IMAGE_EXTENSIONS, onError = 'throw' } = options
    if (onError !== 'throw' && onError !== 'skip')
      throw new RangeError(`ImageFolder: expected onError to be 'throw' or 'skip', got ${describe(onError)}`)
    this.root = resolve(root)
    this.classes = findClasses(root)
    this.classToIdx = Object.fromEntries(this.classes.map((name, label) => [name, label]))
    const endings = extensions.map((ending) => ending.toLowerCase())
    const samples: [string, number][] = []
    const ignored: string[] = []
    for (const [label, name] of this.classes.entries()) {
      const before = samples.length
      for (const path of filesIn(join(this.root, name)))
        if (endings.some((ending) => path.toLowerCase().endsWith(ending))) samples.push([path, label])
        else ignored.push(path)
      if (samples.length === before)
        throw new FormatError(
          `ImageFolder: expected ${join(root, name)} to hold files that end in ${endings.join(', ')}, got none`,
        )
    }
    this.samples = samples
    this.ignored = ignored
    this.#options = options
  }

  /** Images. */
  get length(): number {
    return this.samples.length
  }

  /**
   * Reads and transforms the image of an index.
   * @throws {RangeError} when there is none
   * @throws {FormatError} when the file is no image; {@link SkipSample} instead with `onError: 'skip'`
   */
  async get(index: number): Promise<[Image, Target]> {
    checkIndex('ImageFolder', index, this.length)
    const { transform, targetTransform } = this.#options
    const [path, label] = this.samples[index]!
    const target = targetTransform ? targetTransform(label) : (label as Target)
    const image = await this.#read(path)
    if (!transform) return [image as Image, target]
    const result = scope<unknown>(() => transform(image))
    if (result !== image) image.dispose()
    return [result as Image, target]
  }

  /** The labels of all samples, in order. */
  targets(): Int32Array {
    return Int32Array.from(this.samples, ([, label]) => label)
  }

  async #read(path: string): Promise<Tensor> {
    const { loader = (path: string) => readImage(path, { mode: 'rgb' }), onError } = this.#options
    try {
      return await loader(path)
    } catch (cause) {
      if (onError !== 'skip') throw cause
      throw new SkipSample((cause as Error).message, { cause })
    }
  }

  /** @internal */
  [recipe](): Recipe {
    const functions = Object.entries(this.#options).filter(([, value]) => typeof value === 'function')
    if (functions.length > 0)
      throw new TypeError(
        `DataLoader: expected, with numWorkers, an ImageFolder without functions, got one with ${functions[0]![0]}; make it ` +
          'in a module of its own, whose default export returns it, and load it by data.fromModule()',
      )
    return { module: REMAKE, name: remakeImageFolder.name, options: { root: this.root, ...this.#options } }
  }
}

/** @internal In a worker. */
export function remakeImageFolder({ root, ...options }: { root: string } & ImageFolderOptions<Tensor, number>) {
  return new ImageFolder(root, options)
}

/**
 * The names of a folder's folders, sorted: torchvision's `find_classes`.
 * @param expected how many there must be
 * @throws {FormatError} when there are none, or not as many
 */
export function findClasses(root: string, expected?: number): string[] {
  const classes = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
  if (classes.length > 0 && (expected === undefined || classes.length === expected)) return classes
  throw new FormatError(
    `${root}: expected ${expected === undefined ? 'a folder per class' : `${expected} folders, one per class`}, got ` +
      (classes.length > 0 ? `${classes.length}: ${classes.slice(0, 12).join(', ')}` : 'none'),
  )
}

/** All files below a folder, in the order of their names. */
function* filesIn(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesIn(path)
    else yield path
  }
}
