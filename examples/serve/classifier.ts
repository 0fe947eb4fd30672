// From the bytes of an image to classes. Requests have a device of their own, that is a queue beside the training's: they
// do not wait behind whole training steps.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  compile,
  gt,
  io,
  models,
  nn,
  Scope,
  scope,
  serve,
  stack,
  sub,
  transforms,
  vision,
  where,
  zeros,
} from 'convcore'
import type { DeviceLike, Tensor } from 'convcore'
import type { Metrics } from './metrics.js'

const { centerCrop, resize, toTensor } = transforms.functional

const SIDE = 28
const CLASSES = 10
const TOP = 3
const MAX_PIXELS = 2 ** 24

export interface Guess {
  class: string
  probability: number
}

export interface ClassifierOptions {
  device: DeviceLike
  batching: serve.BatcherOptions
  metrics: Metrics
}

/** MNIST has light ink on dark; most pens and papers are the other way round. [N, 1, H, W] → [N, 1, H, W] */
const lightInk = (images: Tensor): Tensor =>
  where(gt(images.mean([1, 2, 3], { keepDim: true }), 0.5), sub(1, images), images)

export class Classifier {
  /** Whether there are weights to answer with. */
  ready = false
  readonly device: DeviceLike
  readonly #model: nn.Layer
  readonly #predict: (images: Tensor) => Tensor
  readonly #batcher: serve.Batcher<Tensor, Guess[]>
  readonly #metrics: Metrics

  constructor({ device, batching, metrics }: ClassifierOptions) {
    this.device = device
    this.#metrics = metrics
    this.#model = models.mnistCnn().to(device).eval()
    this.#predict = compile((images: Tensor) => this.#model(lightInk(images)).softmax(1))
    this.#batcher = new serve.Batcher((images: Tensor[]) => this.#answer(images), batching)
  }

  /** Takes the weights that an earlier run has left, if one has, and sees whether images can be read here. */
  async open(folder: string): Promise<void> {
    const path = join(folder, 'served.safetensors')
    if (existsSync(path)) this.load(await io.loadSafetensors(path))
    await this.#read(await vision.encodeImage(zeros([1, SIDE, SIDE], { dtype: 'uint8' }), 'png'))
  }

  /** Answers with these weights from the next batch on. */
  load(state: nn.StateDict): void {
    this.#model.loadStateDict(state)
    scope(() => {
      // A compiled model is recorded for each size of batch: better now than at somebody's request.
      for (let size = 1; size < 2 * this.#batcher.maxBatch; size *= 2)
        for (let call = 0; call < 3; call++) this.#predict(zeros([size, 1, SIDE, SIDE], { device: this.device }))
    })
    this.ready = true
  }

  /**
   * @returns the likeliest classes
   * @throws {FormatError} for what is no image, {QueueError} when there is too much to do
   */
  async classify(upload: Uint8Array, signal: AbortSignal): Promise<Guess[]> {
    using image = await this.#read(upload)
    return await this.#batcher.add(image, { signal })
  }

  /** Answers what waits. */
  close(): Promise<void> {
    return this.#batcher.close()
  }

  /** The square in the middle of an image, as the network wants it: float32 [1, 28, 28]. */
  async #read(upload: Uint8Array): Promise<Tensor> {
    using pixels = await vision.decodeImage(upload, {
      name: 'upload',
      mode: 'gray',
      applyExifOrientation: true,
      limitInputPixels: MAX_PIXELS,
      device: this.device,
    })
    const [, height, width] = pixels.shape as [number, number, number]
    return scope(() => toTensor(resize(centerCrop(pixels, Math.min(height, width)), [SIDE, SIDE])))
  }

  async #answer(images: Tensor[]): Promise<Guess[][]> {
    this.#metrics.batches.observe(images.length)
    const padded = [...images]
    while (padded.length & (padded.length - 1)) padded.push(images[0]!) // few sizes, so few recordings
    using made = new Scope()
    const probabilities = await made.run(() => this.#predict(stack(padded))).data()
    return images.map((_, i) => likeliest(probabilities.subarray(i * CLASSES, (i + 1) * CLASSES)))
  }
}

function likeliest(probabilities: ArrayLike<number>): Guess[] {
  return Array.from(probabilities, (probability, i) => ({ class: String(i), probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, TOP)
}
