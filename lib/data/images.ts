import type { DeviceLike } from '../device.js'
import { ShapeError } from '../errors.js'
import { div, sub } from '../ops/elementwise.js'
import { indexSelect } from '../ops/indexing.js'
import { reshape } from '../ops/shape.js'
import { keep, scope } from '../scope.js'
import { tensor } from '../create.js'
import type { Tensor } from '../tensor.js'
import { checkIndex, type Dataset } from './dataset.js'

export interface Normalization {
  /** Of pixels between 0 and 1. */
  readonly mean: number
  readonly std: number
}

export interface GrayImages {
  /** [N, height, width], one byte per pixel. */
  readonly pixels: Uint8Array
  readonly height: number
  readonly width: number
  readonly labels: Int32Array
}

export interface ImageDatasetOptions {
  /** Subtract the mean and divide by the deviation; default false: pixels stay between 0 and 1. */
  normalize?: Normalization | false
  /** Where the images lie, and the batches; default: the default device. */
  device?: DeviceLike
}

/**
 * Labelled grey images, kept as bytes: a sample is an image [1, height, width] and its label, a batch float32 images
 * [B, 1, height, width] and int32 labels [B].
 */
export class ImageDataset implements Dataset<[Tensor, Tensor]> {
  /** uint8 [N, 1, height, width]. */
  readonly images: Tensor
  /** int32 [N]. */
  readonly labels: Tensor
  /** The classes' names, by label. */
  readonly classes: readonly string[]
  readonly normalize: Normalization | false
  readonly length: number

  /** @throws {ShapeError} unless there is one label, and height × width pixels, per image */
  constructor(source: GrayImages, classes: readonly string[], { normalize = false, device }: ImageDatasetOptions = {}) {
    const { pixels, height, width, labels } = source
    if (pixels.length !== labels.length * height * width) {
      throw new ShapeError(
        `ImageDataset: expected ${height}×${width} pixels for each of ${labels.length} labels, got ${pixels.length} in all`,
      )
    }
    this.length = labels.length
    this.images = keep(tensor(pixels, { shape: [this.length, 1, height, width], device }))
    this.labels = keep(tensor(labels, { device }))
    this.classes = classes
    this.normalize = normalize
  }

  get(index: number): [Tensor, Tensor] {
    checkIndex('ImageDataset', index, this.length)
    return scope(() => {
      const [images, labels] = this.batch(Int32Array.of(index))
      return [reshape(images, images.shape.slice(1)), reshape(labels, [])]
    })
  }

  batch(indices: Int32Array): [Tensor, Tensor] {
    return scope(() => {
      const pixels = div(indexSelect(this.images, 0, indices).to('float32'), 255)
      const { normalize } = this
      const images = normalize ? div(sub(pixels, normalize.mean), normalize.std) : pixels
      return [images, indexSelect(this.labels, 0, indices)]
    })
  }

  /** Frees the images; batches already taken stay. */
  dispose(): void {
    this.images.dispose()
    this.labels.dispose()
  }
}
