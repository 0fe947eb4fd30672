import { data, Generator } from '../../index.js'
import { takesAnyChannels } from '../build.js'
import { UsageError } from '../errors.js'
import { networks } from '../networks.js'
import type { Batch, Part, Sample, Samples } from '../parts.js'
import { parseAugment, type Preparation, statistics } from '../prepare.js'
import type { ImageSet } from '../sets.js'
import type { Settings } from './folder.js'

/** What a run learns from. */
export interface Images {
  readonly training: data.DataLoader<Sample, Batch>
  readonly validation: data.DataLoader<Sample, Batch>
  /** Where the validation images are none of these. */
  readonly test: data.DataLoader<Sample, Batch> | undefined
  /** Images of each. */
  readonly counts: { readonly training: number; readonly validation: number; readonly test?: number | undefined }
}

/**
 * How a set's images become what a network takes: their own size and channels where it can, its own else.
 * @param pretrained what the images were like that weights to begin with were trained on
 */
export async function prepare(
  set: ImageSet,
  network: string,
  settings: Pick<Settings, 'size' | 'mean' | 'std'>,
  pretrained?: Partial<Preparation>,
): Promise<Preparation> {
  const channels = takesAnyChannels(network) ? set.channels : 1
  const fits = <T extends Partial<Preparation>>(s: T | undefined) => (s?.mean?.length === channels ? s : undefined)
  const known = fits(pretrained) ?? fits(set.statistics) ?? fits(await (await set.open('train')).statistics())
  const { mean, std } = { ...statistics(channels), ...known }
  const each = (values: readonly number[]) => (values.length === 1 ? Array<number>(channels).fill(values[0]!) : values)
  const preparation = { mean: each(settings.mean ?? mean), std: each(settings.std ?? std) }
  for (const [name, { length }] of Object.entries(preparation))
    if (length !== channels) throw new UsageError(`--${name}: expected ${channels} numbers, got ${length}`)
  return { channels, size: sizeFor(network, set, settings.size), ...preparation, crop: set.crop }
}

function sizeFor(network: string, { size: own }: ImageSet, asked?: number): Preparation['size'] {
  const { size, least = size } = networks[network]!
  const anySize = networks[network]!.least !== undefined
  if (asked !== undefined) {
    if (anySize ? asked < least : asked !== size)
      throw new UsageError(`--size: expected ${anySize ? `at least ${least}` : size} for ${network}, got ${asked}`)
    return [asked, asked]
  }
  if (!own || !anySize) return [size, size]
  return [Math.max(own[0], least), Math.max(own[1], least)]
}

/** The loaders of a run. */
export async function openImages(set: ImageSet, preparation: Preparation, settings: Settings): Promise<Images> {
  const { batchSize, workers, validation, seed } = settings
  const augment = settings.augment === undefined ? set.augment : parseAugment(settings.augment)
  const all = await set.open('train')
  const test = set.splits.includes('test') ? await set.open('test') : undefined
  const held = validation ?? (test ? 0 : 0.1)
  const order = new Generator(seed).permutation(all.indices.length).map((i) => all.indices[i]!)
  const count = Math.round(order.length * held)
  if ((held > 0 && count === 0) || count === order.length)
    throw new UsageError(
      `--validation: expected images on both sides, got ${count} of ${order.length} to validate with`,
    )
  const load = (samples: Samples, indices: Int32Array, shuffle: boolean) => {
    // A batch of one image has no statistics for batch norm.
    const dropLast = shuffle && indices.length % batchSize === 1 && indices.length > batchSize
    const options = { batchSize, shuffle, dropLast, ...loading(all, workers) }
    return new data.DataLoader(new data.Subset<Sample, Batch>(samples, indices), options)
  }
  const plain = await all.prepared(preparation)
  const tests = test && load(await test.prepared(preparation), test.indices, false)
  return {
    training: load(await all.prepared(preparation, augment), order.subarray(count), true),
    validation: count > 0 ? load(plain, order.subarray(0, count), false) : tests!,
    test: count > 0 ? tests : undefined,
    counts: {
      training: order.length - count,
      validation: count || test!.indices.length,
      test: count > 0 ? test?.indices.length : undefined,
    },
  }
}

/** Images in memory need no threads. */
export const loading = (
  part: Part,
  workers: number,
): { numWorkers?: number; persistentWorkers?: boolean; prefetch?: number } =>
  part.readsFiles && workers > 0
    ? { numWorkers: workers, persistentWorkers: true }
    : { prefetch: part.readsFiles ? 2 : 0 }
