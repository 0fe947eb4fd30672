// Small data sets in the formats of the real ones.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { create } from 'tar'
import { data, full, io, models, type Tensor, vision } from 'convcore'

/** An IDX file of given type, dimensions and element bytes. */
export function idx(type: number, shape: readonly number[], elements: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header.set([0, 0, type, shape.length])
  shape.forEach((n, d) => header.writeUInt32BE(n, 4 + 4 * d))
  return Buffer.concat([header, Uint8Array.from(elements)])
}

/** Records of CIFAR: label bytes, then 3072 pixels that tell channel and record. */
export function cifarRecords(labels: readonly (readonly number[])[]): Buffer {
  return Buffer.concat(
    labels.map((label, i) =>
      Buffer.from([...label, ...Array.from({ length: 3072 }, (_, p) => 10 * Math.floor(p / 1024) + i)]),
    ),
  )
}

/** `notMNIST_small.tar.gz`: for each letter, pictures of one grey each, named by it; the first letter has an empty file, too. */
export async function letterArchive(
  root: string,
  letters: readonly string[],
  greys: (letter: number) => readonly number[],
): Promise<void> {
  for (const [i, letter] of letters.entries()) {
    const folder = join(root, 'small', letter)
    const draw = (grey: number) =>
      vision.writeImage(join(folder, `${grey}.png`), full([1, 28, 28], grey, { dtype: 'uint8' }))
    await Promise.all(greys(i).map(draw))
    if (i === 0) await writeFile(join(folder, 'broken.png'), '')
  }
  await create({ cwd: root, file: join(root, 'notMNIST_small.tar.gz'), gzip: true }, ['small'])
}

/** The names of SqueezeNet's layers in Caffe. */
const CAFFE = [
  'conv1',
  ...[2, 3, 4, 5, 6, 7, 8, 9].flatMap((i) =>
    ['squeeze1x1', 'expand1x1', 'expand3x3'].map((part) => `fire${i}.${part}`),
  ),
  'conv10',
]

/** SqueezeNet's weights as it is made, under the names that they have in Caffe. */
function caffeWeights(): Record<string, Tensor> {
  const model = models.squeezenet1_1()
  const state = model.stateDict()
  const names = CAFFE.flatMap((layer) => [`${layer}.weight`, `${layer}.bias`])
  return Object.fromEntries(
    names.map((name) => {
      const [ours] = Object.keys(models.fromCaffe(model, { [name]: state['features.0.bias']! }))
      return [name, state[ours!]!]
    }),
  )
}

/**
 * A folder as `--data` names it, of all sets but MNIST: generated digits in the place of clothes, greys of photos and of
 * letters, SqueezeNet as it is made.
 */
export async function writeSets(root: string): Promise<void> {
  const write = async (path: string, bytes: Uint8Array | string) => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), bytes)
  }
  const photo = async (path: string, value: number, [height, width]: [number, number]) =>
    write(path, await vision.encodeImage(full([3, height, width], value, { dtype: 'uint8' }), 'jpeg'))

  for (const [prefix, count] of [
    ['train', 120],
    ['t10k', 50],
  ] as const) {
    const { images, labels } = data.digits({ count })
    await write(`fashion-mnist/${prefix}-images-idx3-ubyte.gz`, gzipSync(idx(8, [count, 28, 28], await images.data())))
    await write(`fashion-mnist/${prefix}-labels-idx1-ubyte.gz`, gzipSync(idx(8, [count], await labels.data())))
  }
  await letterArchive(join(root, 'notmnist'), 'ABCDEFGHIJ'.split(''), (i) =>
    Array.from({ length: 25 }, (_, j) => 10 * j + i),
  )
  for (const [file, count] of [
    ['data_batch_1', 140],
    ['test_batch_first1000', 50],
  ] as const)
    await write(`cifar10/${file}.bin.gz`, gzipSync(cifarRecords(Array.from({ length: count }, (_, i) => [i % 10]))))
  for (const split of ['train', 'val'])
    for (const [label, name] of ['ants', 'bees'].entries())
      for (let i = 0; i < 6; i++) await photo(`hymenoptera/${split}/${name}/${i}.jpg`, 200 * label + i, [30 + i, 40])
  await write('hymenoptera/train/ants/imageNotFound.gif', 'GIF89a')
  await write('hymenoptera/train/bees/broken.jpg', '')

  await photo('images/caffe_cat.jpg', 100, [36, 48])
  await write('images/imagenet_classes.txt', Array.from({ length: 1000 }, (_, i) => `kind ${i}\n`).join(''))
  await mkdir(join(root, 'weights', 'squeezenet1.1-fp16'), { recursive: true })
  const weights = join(root, 'weights', 'squeezenet1.1-fp16', 'squeezenet1.1_fp16.safetensors')
  await io.saveSafetensors(weights, caffeWeights())
}
