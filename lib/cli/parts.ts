import { data, Generator, scope, type Tensor, tensor, type transforms } from '../index.js'
import type { PhotosOptions } from './photos.js'
import { type Augmentation, type Preparation, transformOf } from './prepare.js'

export type Sample = [image: Tensor, label: Tensor | number]
export type Batch = [images: Tensor, labels: Tensor]
export type Samples = data.Dataset<Sample, Batch>

/** One split of a set. */
export interface Part {
  /** The samples that are taken. */
  readonly indices: Int32Array
  /** Whether samples are read when they are asked for. */
  readonly readsFiles: boolean
  /** Their labels. */
  labels(): Promise<Int32Array>
  /**
   * All samples of the split as a network takes them.
   * @param renamed the label that stands for each
   */
  prepared(preparation: Preparation, augment?: readonly Augmentation[], renamed?: Int32Array): Promise<Samples>
  /** Mean and deviation of pixels between 0 and 1 per channel; undefined where they would have to be read from files. */
  statistics(): Promise<Pick<Preparation, 'mean' | 'std'> | undefined>
}

/** So many of `count` samples, always the same ones. */
function some(count: number, samples = count): Int32Array {
  if (samples >= count) return Int32Array.from({ length: count }, (_, i) => i)
  return new Generator(0).permutation(count).subarray(0, samples)
}

/** Images of one size, in memory. */
export class PixelPart implements Part {
  readonly readsFiles = false
  readonly indices: Int32Array

  constructor(
    private readonly source: { readonly images: Tensor; readonly labels: Tensor },
    samples?: number,
  ) {
    this.indices = some(source.labels.size, samples)
  }

  async labels(): Promise<Int32Array> {
    const all = await this.source.labels.data()
    return this.indices.map((i) => all[i]!)
  }

  async prepared(
    preparation: Preparation,
    augment: readonly Augmentation[] = [],
    renamed?: Int32Array,
  ): Promise<Samples> {
    const { images, labels } = this.source
    const other = renamed && (await labels.data()).map((label) => renamed[label]!)
    const transform = transformOf(preparation, augment, true)
    return new Pixels(images, other ? tensor(other, { device: labels.device }) : labels, transform)
  }

  async statistics(): Promise<Pick<Preparation, 'mean' | 'std'>> {
    const [mean, std] = scope(() => {
      const pixels = this.source.images.indexSelect(0, this.indices).to('float32').div(255)
      const dims = [0, 2, 3]
      return [pixels.mean(dims), pixels.std(dims)]
    })
    const rounded = async (x: Tensor) => Array.from(await x.data(), (value) => Number(value.toFixed(4)))
    return { mean: await rounded(mean), std: await rounded(std) }
  }
}

class Pixels implements Samples {
  constructor(
    private readonly images: Tensor,
    private readonly labels: Tensor,
    private readonly transform: transforms.Transform,
  ) {}

  get length(): number {
    return this.labels.size
  }

  get(index: number): Sample {
    return scope(() => {
      const [images, labels] = this.batch(Int32Array.of(index))
      return [images.squeeze(0), labels.squeeze(0)]
    })
  }

  batch(indices: Int32Array): Batch {
    return scope(() => [this.transform(this.images.indexSelect(0, indices)), this.labels.indexSelect(0, indices)])
  }
}

/** Photos in a folder per class, read when they are asked for. */
export class PhotoPart implements Part {
  readonly readsFiles = true
  readonly indices: Int32Array

  constructor(
    private readonly root: string,
    samples?: number,
  ) {
    this.indices = some(new data.ImageFolder(root).length, samples)
  }

  labels(): Promise<Int32Array> {
    const all = new data.ImageFolder(this.root).targets()
    return Promise.resolve(this.indices.map((i) => all[i]!))
  }

  prepared(preparation: Preparation, augment: readonly Augmentation[] = [], renamed?: Int32Array): Promise<Samples> {
    const { channels, size, mean, std, crop } = preparation
    const options: PhotosOptions = { channels, size, mean, std, crop, root: this.root, augment, renamed }
    return data.fromModule(new URL('./photos.js', import.meta.url), options)
  }

  statistics(): Promise<undefined> {
    return Promise.resolve(undefined)
  }
}
