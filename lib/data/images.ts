import type { DeviceLike } from '../device.js'
import { ShapeError } from '../errors.js'
import { div, sub } from '../ops/elementwise.js'
import { indexSelect } from '../ops/indexing.js'
import { reshape } from '../ops/shape.js'
import { keep, scope } from '../scope.js'
import { tensor } from '../create.js'
import type { Tensor } from '../tensor.js'
import { checkIndex, type Dataset } from './dataset.js'

/** What pixels are moved and scaled by. */
export interface Normalization {
  /** Of pixels between 0 and 1: of all, or per channel. */
  readonly mean: number | readonly number[]
  /** What is divided by, after the mean is subtracted. */
  readonly std: number | readonly number[]
}

/** Images as bytes, and their labels. */
export interface Pictures {
  /** [N, channels, height, width], one byte each. */
  readonly pixels: Uint8Array
  /** Default 1: grey. */
  readonly channels?: number
  /** Rows of each image. */
  readonly height: number
  /** Columns of each image. */
  readonly width: number
  /** One for each image. */
  readonly labels: Int32Array
}

/** Options of {@link ImageDataset}. */
export interface ImageDatasetOptions {
  /** Subtract the mean and divide by the deviation; default false: pixels stay between 0 and 1. */
  normalize?: Normalization | false
  /** Where the images lie, and the batches; default: the default device. */
  device?: DeviceLike
}

/**
 * Labelled images, kept as bytes: a sample is an image [C, height, width] and its label, a batch float32 images
 * [B, C, height, width] and int32 labels [B].
 */
export class ImageDataset implements Dataset<[Tensor, Tensor]> {
  /** uint8 [N, C, height, width]. */
  readonly images: Tensor<'uint8'>
  /** int32 [N]. */
  readonly labels: Tensor<'int32'>
  /** The classes' names, by label. */
  readonly classes: readonly string[]
  /** What is done to pixels between 0 and 1; false for nothing. */
  readonly normalize: Normalization | false
  /** Images. */
  readonly length: number

  /** @throws {ShapeError} unless there is one label, and channels × height × width pixels, per image */
  constructor(source: Pictures, classes: readonly string[], { normalize = false, device }: ImageDatasetOptions = {}) {
    const { pixels, channels = 1, height, width, labels } = source
    if (pixels.length !== labels.length * channels * height * width) {
      throw new ShapeError(
        `ImageDataset: expected ${channels}×${height}×${width} pixels for each of ${labels.length} labels, got ${pixels.length} in all`,
      )
    }
    this.length = labels.length
    this.images = keep(tensor(pixels, { shape: [this.length, channels, height, width], device }))
    this.labels = keep(tensor(labels, { device }))
    this.classes = classes
    this.normalize = normalize
  }

  /** The image, float32 [C, height, width], and its label, an int32 scalar. @throws {RangeError} when there is none */
  get(index: number): [Tensor, Tensor] {
    checkIndex('ImageDataset', index, this.length)
    return scope(() => {
      const [images, labels] = this.batch(Int32Array.of(index))
      return [reshape(images, images.shape.slice(1)), reshape(labels, [])]
    })
  }

  /** Float32 images [B, C, height, width] and int32 labels [B] of these indices. */
  batch(indices: Int32Array): [Tensor, Tensor] {
    return scope(() => {
      const pixels = div(indexSelect(this.images, 0, indices).to('float32'), 255)
      const { normalize } = this
      const operand = (x: number | readonly number[]) =>
        typeof x === 'number' ? x : tensor(x, { shape: [x.length, 1, 1], device: pixels.device })
      const images = normalize ? div(sub(pixels, operand(normalize.mean)), operand(normalize.std)) : pixels
      return [images, indexSelect(this.labels, 0, indices)]
    })
  }

  /** The labels of all samples, in order. */
  targets(): Promise<Int32Array> {
    return this.labels.data()
  }

  /** Frees the images; batches already taken stay. */
  dispose(): void {
    this.images.dispose()
    this.labels.dispose()
  }
}
