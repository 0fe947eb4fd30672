import { join } from 'node:path'
import { describe, DownloadError, FormatError } from '../errors.js'
import { extractArchive } from './archive/extract.js'
import { cifar100Classes, cifar100Superclasses, cifar10Classes } from './cifarClasses.js'
import { readGzip } from './gzip.js'
import { ImageDataset, type ImageDatasetOptions } from './images.js'
import { cacheOf, find, foldersOf, locate, type SourceOptions } from './locate.js'

/** Options of {@link cifar10}. */
export interface CifarOptions extends ImageDatasetOptions, SourceOptions {
  /** 50,000 images to train on, or 10,000 to test with. */
  split: 'train' | 'test'
  /**
   * Take the files that there are, or the beginnings of them (`test_batch_first1000.bin.gz`), when the whole set is not
   * found; nothing is downloaded then. Default false.
   */
  partial?: boolean
}

/** Options of {@link cifar100}. */
export interface Cifar100Options extends CifarOptions {
  /** The 100 classes, or the 20 superclasses that they belong to; default 'fine'. */
  labels?: 'fine' | 'coarse'
}

interface Source {
  readonly set: string
  readonly archive: string
  readonly sha256: string
  /** In the archive. */
  readonly folder: string
  readonly files: Record<'train' | 'test', readonly string[]>
  /** Images per file, of each split. */
  readonly perFile: Record<'train' | 'test', number>
  /** Bytes before an image's pixels. */
  readonly labelBytes: number
}

const SIZE = 32
const PIXELS = 3 * SIZE * SIZE

const cifar10Source: Source = {
  set: 'cifar10',
  archive: 'cifar-10-binary.tar.gz',
  sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
  folder: 'cifar-10-batches-bin',
  files: { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), test: ['test_batch.bin'] },
  perFile: { train: 10_000, test: 10_000 },
  labelBytes: 1,
}

const cifar100Source: Source = {
  set: 'cifar100',
  archive: 'cifar-100-binary.tar.gz',
  sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
  folder: 'cifar-100-binary',
  files: { train: ['train.bin'], test: ['test.bin'] },
  perFile: { train: 50_000, test: 10_000 },
  labelBytes: 2,
}

/**
 * CIFAR-10: colour photos, 32×32, of ten classes (Krizhevsky 2009), in the binary version: its files, plain or gzip, or the
 * archive they come in, in `root`, in `$CONVCORE_DATA/cifar10` or in the cache, else downloaded. The training pixels, between
 * 0 and 1, have means 0.4914, 0.4822, 0.4465 and deviations 0.2470, 0.2435, 0.2616.
 *
 * @throws {FormatError} for a damaged file; {@link DownloadError} when the files are neither found nor to be had
 */
export function cifar10(options: CifarOptions): Promise<ImageDataset> {
  return load(cifar10Source, options, 0, cifar10Classes)
}

/** CIFAR-100, likewise; its means are 0.5071, 0.4865, 0.4409, its deviations 0.2673, 0.2564, 0.2762. */
export async function cifar100({ labels = 'fine', ...options }: Cifar100Options): Promise<ImageDataset> {
  if (labels !== 'fine' && labels !== 'coarse')
    throw new RangeError(`cifar100: expected labels 'fine' or 'coarse', got ${describe(labels)}`)
  const fine = labels === 'fine'
  return load(cifar100Source, options, Number(fine), fine ? cifar100Classes : cifar100Superclasses)
}

async function load(source: Source, options: CifarOptions, labelAt: number, classes: readonly string[]) {
  const { set, files, labelBytes, perFile } = source
  const { split, partial = false } = options
  if (!Object.hasOwn(files, split))
    throw new RangeError(`${set}: expected split 'train' or 'test', got ${describe(split)}`)
  const paths = await filesOf(source, options)
  const parts = await Promise.all(paths.map((path) => readRecords(path, labelBytes, perFile[split], partial)))
  const count = parts.reduce((sum, part) => sum + part.length / (labelBytes + PIXELS), 0)
  const pixels = new Uint8Array(count * PIXELS)
  const labels = new Int32Array(count)
  let i = 0
  for (const [at, part] of parts.entries()) {
    for (let start = 0; start < part.length; start += labelBytes + PIXELS, i++) {
      const label = part[start + labelAt]!
      if (label >= classes.length)
        throw new FormatError(`${paths[at]}: expected labels from 0 to ${classes.length - 1}, got ${label}`)
      labels[i] = label
      pixels.set(part.subarray(start + labelBytes, start + labelBytes + PIXELS), i * PIXELS)
    }
  }
  return new ImageDataset({ pixels, channels: 3, height: SIZE, width: SIZE, labels }, classes, options)
}

/** All files of the split, from one folder. */
async function filesOf(source: Source, options: CifarOptions): Promise<string[]> {
  const { set, archive, sha256, folder } = source
  const files = source.files[options.split]
  const folders = foldersOf(set, options.root).flatMap((root) => [root, join(root, folder)])
  const partial: string[] = []
  for (const place of folders) {
    const found = await Promise.all(files.map((file) => find([place], [file, `${file}.gz`])))
    if (!found.includes(undefined)) return found as string[]
    if (!options.partial || partial.length > 0) continue
    const parts = files.map((file) => file.replace('.bin', '_first1000.bin'))
    for (const [i, part] of parts.entries()) found[i] ??= await find([place], [part, `${part}.gz`])
    partial.push(...found.filter((path) => path !== undefined))
  }
  if (partial.length > 0) return partial
  const url = `https://www.cs.toronto.edu/~kriz/${archive}`
  const packed = await locate(set, [archive], { name: archive, urls: [url], sha256 }, options).catch(
    (cause: unknown) => {
      if (!(cause instanceof DownloadError)) throw cause
      throw new DownloadError(`${cause.message}\n\`partial: true\` takes those of its files that there are`, { cause })
    },
  )
  const target = join(options.root ?? cacheOf(set), folder)
  await extractArchive(packed, target, { strip: 1, signal: options.signal })
  return files.map((file) => join(target, file))
}

async function readRecords(path: string, labelBytes: number, count: number, partial: boolean): Promise<Uint8Array> {
  const record = labelBytes + PIXELS
  const bytes = await readGzip(path, count * record)
  const whole = bytes.length > 0 && bytes.length % record === 0
  if (whole && (bytes.length === count * record || (partial && bytes.length < count * record))) return bytes
  throw new FormatError(
    `${path}: expected ${partial ? 'up to ' : ''}${count} records of ${record} bytes, got ${bytes.length} bytes`,
  )
}
