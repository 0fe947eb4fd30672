import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cat, data, type Device, full, Generator, type Tensor, vision } from '../index.js'
import { FormatError } from '../errors.js'
import { UsageError } from './errors.js'
import { withDownloads } from './downloads.js'
import { PhotoPart, type Part, PixelPart } from './parts.js'
import type { Augmentation, Preparation } from './prepare.js'

export type Split = 'train' | 'test'

export interface SetOptions {
  /** Folder of the set's files, which are looked for there first, and downloaded to. */
  root?: string | undefined
  /** Take what there is of CIFAR's files, and download nothing. */
  partial?: boolean | undefined
  /** Images of a split at most. */
  samples?: number | undefined
  /** Where images lie that are kept in memory. */
  device: Device
}

/** Labelled images to train on and to test with. */
export interface ImageSet {
  readonly name: string
  readonly classes: readonly string[]
  readonly channels: number
  /** Undefined where images differ. */
  readonly size: Preparation['size'] | undefined
  /** Mean and deviation of its pixels; undefined where they are to be measured. */
  readonly statistics: Pick<Preparation, 'mean' | 'std'> | undefined
  /** What training changes at random, unless it is told. */
  readonly augment: readonly Augmentation[]
  /** See `Preparation`. */
  readonly crop: number
  readonly splits: readonly Split[]
  open(split: Split): Promise<Part>
}

interface Source {
  readonly channels: 1 | 3
  readonly side: number
  readonly statistics?: ImageSet['statistics']
  readonly augment?: readonly Augmentation[]
  readonly load: (split: Split, options: SetOptions) => Promise<Loaded>
}

/** uint8 images [N, C, H, W], int32 labels [N]. */
interface Loaded {
  readonly images: Tensor
  readonly labels: Tensor
  readonly classes: readonly string[]
}

const cifar = (load: typeof data.cifar10, mean: number[], std: number[]): Source => ({
  channels: 3,
  side: 32,
  statistics: { mean, std },
  augment: ['crop', 'flip'],
  load: (split, { root, partial, device }) =>
    withDownloads((progress) =>
      load({ split, device, ...(root && { root }), ...(partial && { partial }), ...progress }),
    ),
})

const mnist = (load: typeof data.mnist, mean: number, std: number): Source => ({
  channels: 1,
  side: 28,
  statistics: { mean: [mean], std: [std] },
  load: (split, { root, device }) =>
    withDownloads((progress) => load({ split, device, ...(root && { root }), ...progress })),
})

const sources: Readonly<Record<string, Source>> = {
  mnist: mnist(data.mnist, 0.1307, 0.3081),
  'fashion-mnist': mnist(data.fashionMnist, 0.286, 0.353),
  cifar10: cifar(data.cifar10, [0.4914, 0.4822, 0.4465], [0.247, 0.2435, 0.2616]),
  cifar100: cifar(data.cifar100, [0.5071, 0.4865, 0.4409], [0.2673, 0.2564, 0.2762]),
  'not-mnist': { channels: 1, side: 28, load: letters },
  digits: {
    channels: 1,
    side: 28,
    load: (split, { device, samples }) => Promise.resolve(data.digits({ split, device, count: samples })),
  },
}

/** Sets that are known by name. */
export const setNames: readonly string[] = Object.keys(sources)

/** A set of ours by its name, or a folder with a folder per class. */
export async function openSet(name: string, options: SetOptions): Promise<ImageSet> {
  const source = Object.hasOwn(sources, name) ? sources[name]! : undefined
  if (source) return namedSet(name, source, options)
  if (!existsSync(name) || !statSync(name).isDirectory())
    throw new UsageError(`--data: expected ${setNames.join(', ')} or a folder of images, got ${name}`)
  return folderSet(name, options)
}

async function namedSet(name: string, source: Source, options: SetOptions): Promise<ImageSet> {
  const { channels, side, statistics, augment = [], load } = source
  const parts = new Map<Split, Promise<Loaded>>()
  const loaded = (split: Split) => {
    if (!parts.has(split)) parts.set(split, load(split, options))
    return parts.get(split)!
  }
  const { classes } = await loaded('test')
  return {
    ...{ name, classes, channels, size: [side, side], statistics, augment, crop: 1, splits: ['train', 'test'] },
    open: async (split) => new PixelPart(await loaded(split), options.samples),
  }
}

/** The small notMNIST, every tenth of its letters to test with, in an order of its own. */
async function letters(split: Split, { root, device }: SetOptions): Promise<Loaded> {
  const kinds = await withDownloads((progress) => data.notMnist({ ...(root && { root }), ...progress }))
  const classes = kinds.map(({ name }) => name)
  const labels = cat(kinds.map(({ images }, label) => full([images.shape[0]!], label, { dtype: 'int32' })))
  const images = cat(kinds.map(({ images }) => images.mul(255).add(127.5).add(0.5).to('uint8')))
  for (const kind of kinds) kind.images.dispose()
  const order = new Generator(0).permutation(labels.size)
  const tests = Math.floor(order.length / 10)
  const indices = split === 'test' ? order.subarray(0, tests) : order.subarray(tests)
  const chosen = {
    images: images.indexSelect(0, indices).to(device),
    labels: labels.indexSelect(0, indices).to(device),
  }
  images.dispose()
  labels.dispose()
  return { ...chosen, classes }
}

const VALIDATION = ['val', 'valid', 'validation', 'test']

async function folderSet(root: string, { samples }: SetOptions): Promise<ImageSet> {
  const inside = (name: string) => existsSync(join(root, name)) && statSync(join(root, name)).isDirectory()
  const test = inside('train') ? VALIDATION.find(inside) : undefined
  const folders = { train: inside('train') ? join(root, 'train') : root, test: test && join(root, test) }
  const { classes, samples: files } = new data.ImageFolder(folders.train)
  if (classes.length < 2)
    throw new FormatError(`${folders.train}: expected folders of at least two classes, got ${classes.join()}`)
  const channels = await channelsOf(files)
  if (folders.test) {
    const others = new data.ImageFolder(folders.test).classes
    if (String(others) !== String(classes))
      throw new FormatError(
        `${folders.test}: expected the classes of ${folders.train}, ${classes.join(', ')}, got ${others.join(', ')}`,
      )
  }
  return {
    ...{
      name: root,
      classes,
      channels,
      size: undefined,
      statistics: undefined,
      augment: ['crop', 'flip'],
      crop: 0.875,
    },
    splits: folders.test ? ['train', 'test'] : ['train'],
    open: (split) => Promise.resolve(new PhotoPart(folders[split] ?? folders.train, samples)),
  }
}

/** Grey photos have one channel, all others three; the first one that can be read tells. */
async function channelsOf(samples: data.ImageFolder['samples']): Promise<number> {
  let failure: unknown
  for (const [path] of samples)
    try {
      const image = await vision.readImage(path)
      image.dispose()
      return image.shape[0]! < 3 ? 1 : 3
    } catch (error) {
      failure ??= error
    }
  throw failure
}
