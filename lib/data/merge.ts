import { FormatError } from '../errors.js'
import { loadSafetensors, readMetadata, saveSafetensors } from '../io/safetensors.js'
import { cat } from '../ops/join.js'
import { indexSelect } from '../ops/indexing.js'
import { defaultGenerator, type Generator } from '../random.js'
import { keep, scope } from '../scope.js'
import { tensor } from '../create.js'
import type { Tensor } from '../tensor.js'
import type { ClassImages } from './classImages.js'
import { TensorDataset } from './dataset.js'
import { checkCount } from './sampler.js'

/** Images and their labels, with the names of the classes. */
export class LabelledImages extends TensorDataset<[images: Tensor, labels: Tensor]> {
  /**
   * @param images [N, C, H, W]
   * @param labels int32 [N]
   * @throws {ShapeError} unless there are as many of both
   */
  constructor(
    images: Tensor,
    labels: Tensor,
    /** The classes' names, by label. */
    readonly classes: readonly string[],
  ) {
    super(images, labels)
  }
}

/**
 * Splits with an equal share of each class, which have no image in common: each in an order of its own, images and labels by
 * one permutation. `mergeClasses(classes, { train: 15_000, test: 3_000 })`
 *
 * @param sizes images per split
 * @throws {RangeError} when a size is no multiple of the number of classes, or a class has fewer images than asked for
 */
export function mergeClasses<Split extends string>(
  classes: readonly ClassImages[],
  sizes: Readonly<Record<Split, number>>,
  { generator = defaultGenerator }: { generator?: Generator } = {},
): Record<Split, LabelledImages> {
  const splits = Object.entries(sizes) as [Split, number][]
  const total = splits.reduce((sum, [, size]) => sum + size, 0)
  for (const [name, size] of splits) {
    checkCount('mergeClasses', name, size, 1)
    if (size % classes.length !== 0)
      throw new RangeError(
        `mergeClasses: expected ${name} to be a multiple of ${classes.length}, the number of classes, got ${size}`,
      )
  }
  for (const { name, images } of classes)
    if (images.shape[0]! * classes.length < total)
      throw new RangeError(
        `mergeClasses: expected at most ${images.shape[0]! * classes.length} images, as many as class ${name} has ` +
          `(${images.shape[0]}) from each of ${classes.length} classes, got ${total}`,
      )
  const names = classes.map(({ name }) => name)
  const orders = classes.map(({ images }) => generator.permutation(images.shape[0]!))
  let start = 0
  const merged = splits.map(([name, size]) => {
    const share = size / classes.length
    const parts = orders.map((order) => order.subarray(start, start + share))
    start += share
    const order = generator.permutation(size)
    const labels = tensor(order.map((i) => Math.floor(i / share)))
    const images = scope(() =>
      indexSelect(
        cat(
          classes.map((each, c) => indexSelect(each.images, 0, parts[c]!)),
          0,
        ),
        0,
        order,
      ),
    )
    return [name, new LabelledImages(keep(images), keep(labels), names)] as const
  })
  return Object.fromEntries(merged) as Record<Split, LabelledImages>
}

/** Writes splits to one file, as a whole. */
export async function saveSplits(path: string, splits: Readonly<Record<string, LabelledImages>>): Promise<void> {
  const tensors: Record<string, Tensor> = {}
  for (const [
    name,
    {
      tensors: [images, labels],
    },
  ] of Object.entries(splits)) {
    tensors[`${name}.images`] = images
    tensors[`${name}.labels`] = labels
  }
  await saveSafetensors(path, tensors, { classes: JSON.stringify(Object.values(splits)[0]?.classes ?? []) })
}

/**
 * Reads what `saveSplits` wrote.
 * @throws {FormatError} for another or a damaged file
 */
export async function loadSplits(path: string): Promise<Record<string, LabelledImages>> {
  const classes = classesOf((await readMetadata(path)).classes, path)
  const tensors = await loadSafetensors(path)
  const splits: Record<string, LabelledImages> = {}
  for (const [key, images] of Object.entries(tensors)) {
    const name = /^(.*)\.images$/s.exec(key)?.[1]
    if (name === undefined) continue
    const labels = tensors[`${name}.labels`]
    if (labels?.dtype !== 'int32' || labels.rank !== 1 || labels.size !== images.shape[0])
      throw new FormatError(`${path}: expected ${name}.labels, int32 of as many elements as ${name}.images has images`)
    splits[name] = new LabelledImages(images, labels, classes)
  }
  return splits
}

function classesOf(json: string | undefined, path: string): string[] {
  try {
    const names: unknown = JSON.parse(json ?? '')
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names
  } catch {
    // as below
  }
  throw new FormatError(`${path}: expected the names of the classes as saveSplits writes them, got ${json ?? 'none'}`)
}
