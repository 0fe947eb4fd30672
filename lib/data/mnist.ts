import { basename } from 'node:path'
import { describe, FormatError } from '../errors.js'
import { showShape } from '../shape.js'
import { type IdxArray, readIdx } from './idx.js'
import { ImageDataset, type ImageDatasetOptions } from './images.js'
import { locate, type SourceOptions } from './locate.js'

/** Options of {@link mnist} and {@link fashionMnist}. */
export interface MnistOptions extends ImageDatasetOptions, SourceOptions {
  /** 60,000 images to train on, or 10,000 to test with. */
  split: 'train' | 'test'
}

interface Source {
  readonly name: string
  readonly mirrors: readonly string[]
  readonly classes: readonly string[]
  /** Of the compressed files: images, then labels. */
  readonly sha256: Record<'train' | 'test', readonly [string, string]>
}

const mnistSource: Source = {
  name: 'mnist',
  mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  sha256: {
    train: [
      '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
      '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
    ],
    test: [
      '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
      'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
    ],
  },
}

const fashionMnistSource: Source = {
  name: 'fashion-mnist',
  mirrors: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'],
  classes: ['T-shirt', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
  sha256: {
    train: [
      '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
      'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
    ],
    test: [
      '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
      '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
    ],
  },
}

/**
 * Handwritten digits, 28×28 (LeCun, Cortes, Burges). Files are looked for in `root`, in `$CONVCORE_DATA/mnist` and in the
 * cache (`$CONVCORE_CACHE/mnist`, else `~/.cache/convcore/mnist`), then downloaded. The training pixels, between 0 and 1,
 * have mean 0.1307 and deviation 0.3081.
 *
 * @throws {FormatError} for a damaged file; {@link DownloadError} when a file is neither found nor to be had
 */
export function mnist(options: MnistOptions): Promise<ImageDataset> {
  return load(mnistSource, options)
}

/** Articles of clothing, 28×28, laid out as MNIST (Xiao, Rasul, Vollgraf 2017); mean 0.2860, deviation 0.3530. */
export function fashionMnist(options: MnistOptions): Promise<ImageDataset> {
  return load(fashionMnistSource, options)
}

async function load(source: Source, options: MnistOptions): Promise<ImageDataset> {
  const { split } = options
  const checksums = source.sha256[split]
  if (!checksums) throw new RangeError(`${source.name}: expected split 'train' or 'test', got ${describe(split)}`)
  const prefix = split === 'train' ? 'train' : 't10k'
  const imagesPath = await locateIdx(source, `${prefix}-images-idx3-ubyte`, checksums[0], options)
  const labelsPath = await locateIdx(source, `${prefix}-labels-idx1-ubyte`, checksums[1], options)
  const images = await readBytes(imagesPath, 3)
  const labels = await readBytes(labelsPath, 1)
  const [count, height, width] = images.shape as [number, number, number]
  if (labels.data.length !== count)
    throw new FormatError(`${labelsPath}: expected ${count} labels, got ${labels.data.length}`)
  const stranger = labels.data.find((label) => label >= source.classes.length)
  if (stranger !== undefined) throw new FormatError(`${labelsPath}: expected labels from 0 to 9, got ${stranger}`)
  return new ImageDataset(
    { pixels: images.data as Uint8Array, height, width, labels: Int32Array.from(labels.data) },
    source.classes,
    options,
  )
}

function locateIdx({ name, mirrors }: Source, file: string, sha256: string, options: MnistOptions): Promise<string> {
  const urls = mirrors.map((mirror) => `${mirror}${file}.gz`)
  return locate(name, [`${file}.gz`, file], { name: `${file}.gz`, urls, sha256 }, options)
}

async function readBytes(path: string, rank: number): Promise<IdxArray> {
  const array = await readIdx(path)
  if (array.data instanceof Uint8Array && array.shape.length === rank) return array
  throw new FormatError(
    `${basename(path)}: expected bytes of rank ${rank}, got ${array.data.constructor.name} of shape ${showShape(array.shape)}`,
  )
}
