import { dirname, join } from 'node:path'
import { data } from '../../index.js'
import { find, foldersOf } from '../../data/locate.js'
import type { downloadable, DownloadOptions } from '../commands/download.js'
import { withDownloads } from '../downloads.js'
import { UsageError } from '../errors.js'
import { printJson, printTable } from '../output.js'

type Name = (typeof downloadable)[number]

type Options = Parameters<Parameters<typeof withDownloads>[0]>[0] & { root?: string }

interface Source {
  /** Loads both splits, so that all files are there and whole. Gives the number of images. */
  readonly load: (options: Options) => Promise<number>
  /** Its folder's name in the cache. */
  readonly folder: string
  /** A file that says where the set lies, and folders below that it may be in. */
  readonly files: readonly string[]
}

const ofSplits =
  (load: (options: Options & { split: 'train' | 'test' }) => Promise<data.ImageDataset>) =>
  async (options: Options) => {
    let count = 0
    for (const split of ['train', 'test'] as const) {
      const set = await load({ ...options, split })
      count += set.length
      set.dispose()
    }
    return count
  }

const idx = ['train-images-idx3-ubyte.gz', 'train-images-idx3-ubyte']
const binary = (folder: string, name: string) => [name, `${name}.gz`, join(folder, name), join(folder, `${name}.gz`)]

const sources: Readonly<Record<Name, Source>> = {
  mnist: { load: ofSplits(data.mnist), folder: 'mnist', files: idx },
  'fashion-mnist': { load: ofSplits(data.fashionMnist), folder: 'fashion-mnist', files: idx },
  cifar10: {
    load: ofSplits(data.cifar10),
    folder: 'cifar10',
    files: binary('cifar-10-batches-bin', 'data_batch_5.bin'),
  },
  cifar100: { load: ofSplits(data.cifar100), folder: 'cifar100', files: binary('cifar-100-binary', 'train.bin') },
  'not-mnist': { load: letters, folder: 'notmnist', files: ['notMNIST_small.tar.gz'] },
}

async function letters(options: Options): Promise<number> {
  const classes = await data.notMnist(options)
  for (const { images } of classes) images.dispose()
  return classes.reduce((sum, { images }) => sum + images.shape[0]!, 0)
}

/** Fetches sets, and prints where each lies and how many images it has. */
export async function download(names: readonly string[], { root, json }: DownloadOptions): Promise<void> {
  if (root !== undefined && names.length > 1)
    throw new UsageError('--root: expected one set, whose folder it is, got several')
  const results: { set: string; folder: string; images: number }[] = []
  for (const name of names) {
    const { load, folder, files } = sources[name as Name]
    const images = await withDownloads((progress) => load({ ...progress, ...(root !== undefined && { root }) }))
    const file = await find(foldersOf(folder, root), files)
    results.push({ set: name, folder: dirname(file!), images })
    if (!json) printTable([], [[name, dirname(file!), images]])
  }
  if (json) printJson(results)
}
