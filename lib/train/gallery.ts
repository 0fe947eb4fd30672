import type { Dataset } from '../data/dataset.js'
import { describe } from '../errors.js'
import { checkWhole } from '../ops/check.js'
import { stack } from '../ops/join.js'
import { Generator, withDefaultGenerator } from '../random.js'
import { keep, Scope, scope } from '../scope.js'
import { Tensor } from '../tensor.js'
import { activations } from '../visualize/activations.js'
import { featureMaps } from '../visualize/filters.js'
import { findLayer, type LayerLike } from '../visualize/layers.js'
import type { Bitmap } from '../visualize/bitmap.js'
import type { Trainer } from './trainer.js'

/** Images [C, H, W] and their labels. */
export type LabelledImages = Dataset<readonly [Tensor, Tensor | number], unknown> & {
  /** Their names, in the order of the labels. */
  readonly classes?: readonly string[] | undefined
}

/** What of a run is looked at in pictures. */
export interface GalleryOptions {
  /** Images to watch, with the model's answers: the first ones of a data set. */
  samples?: LabelledImages
  /** How many of them; default 20. */
  sampleCount?: number
  /** The classes' names; default: those of the data set, or 0, 1, … */
  classes?: readonly string[]
  /** Layers whose feature maps are shown, by path or themselves, for the first of the samples. */
  featureMaps?: readonly LayerLike[]
}

export interface Answer {
  readonly answer: number
  /** Of the answer, from 0 to 1. */
  readonly probability: number
}

/** Samples that are looked at again and again while a model trains. Random numbers of the run are left alone. */
export class Gallery {
  readonly classes: readonly string[] | undefined
  labels: readonly number[] = []
  /** [N, C, H, W], while it is open. */
  #images: Tensor | undefined

  /** @throws {TypeError} when samples are no data set, or are needed and missing; {RangeError} for another count */
  constructor(
    private readonly op: string,
    private readonly options: GalleryOptions,
  ) {
    const { samples, sampleCount = 20, classes, featureMaps: layers = [] } = options
    checkWhole(op, 'sampleCount', sampleCount, 1)
    if (samples !== undefined && typeof (samples as Partial<LabelledImages> | null)?.get !== 'function')
      throw new TypeError(`${op}: expected samples to be a data set of images and labels, got ${describe(samples)}`)
    if (!Array.isArray(layers))
      throw new TypeError(`${op}: expected featureMaps to be an array of layers, got ${describe(layers)}`)
    if (layers.length && !samples) throw new TypeError(`${op}: expected samples to show feature maps of, got none`)
    this.classes = classes ?? samples?.classes
  }

  /** Loads the samples. @throws {RangeError} when there is none, or the model has no such layer */
  async open({ model }: Trainer): Promise<void> {
    const { samples, sampleCount = 20, featureMaps: layers = [] } = this.options
    this.close()
    for (const layer of layers) findLayer(this.op, model, layer)
    if (!samples) return
    const count = Math.min(sampleCount, samples.length)
    if (!count) throw new RangeError(`${this.op}: expected at least one sample, got none`)
    const taken = await apart(() => take(samples, count))
    this.#images = keep(stack(taken.map(([image]) => image)))
    this.labels = taken.map(([, label]) => label)
  }

  /** [N, C, H, W]; undefined without samples. */
  get images(): Tensor | undefined {
    return this.#images
  }

  /** The model's answers in evaluation mode; undefined when it gives something else than logits or probabilities [N, K]. */
  async answers(trainer: Trainer): Promise<Answer[] | undefined> {
    const images = this.#images
    if (!images) return undefined
    const output = await apart(() => trainer.predict(images))
    try {
      if (output.rank !== 2 || output.shape[1]! < 2) return undefined
      const values = Float64Array.from(await output.data())
      const classes = output.shape[1]!
      return this.labels.map((_, i) => answerOf(values.subarray(i * classes, (i + 1) * classes)))
    } finally {
      output.dispose()
    }
  }

  /** What the layers make of the first sample, by path. */
  async maps(trainer: Trainer): Promise<[path: string, maps: Bitmap][]> {
    const { featureMaps: layers = [] } = this.options
    const images = this.#images
    if (!images || !layers.length) return []
    using work = new Scope()
    const input = work.run(() => placed(trainer, images))
    const { model } = trainer
    return await apart(() =>
      Promise.all(
        layers.map(async (layer): Promise<[string, Bitmap]> => {
          const { path } = findLayer(this.op, model, layer)
          return [path, await featureMaps(model, layer, input, { padValue: 0.5 })]
        }),
      ),
    )
  }

  /** What all layers put out for the samples, by path. */
  activations(trainer: Trainer): Record<string, Tensor> {
    const images = this.#images
    if (!images) return {}
    return scope(() => apart(() => activations(trainer.model, placed(trainer, images))))
  }

  /** Frees the samples. */
  close(): void {
    this.#images?.dispose()
    this.#images = undefined
  }
}

async function take(samples: LabelledImages, count: number): Promise<[image: Tensor, label: number][]> {
  const taken: [Tensor, number][] = []
  for (let i = 0; i < count; i++) {
    const [image, label] = await samples.get(i)
    taken.push([image, label instanceof Tensor ? await label.item() : label])
  }
  return taken
}

/** With random numbers of its own. */
const apart = <T>(fn: () => T): T => withDefaultGenerator(new Generator(0), fn)

const placed = ({ options: { device } }: Trainer, images: Tensor): Tensor => (device ? images.to(device) : images)

/** @param row logits, their logarithms' softmax, or probabilities */
function answerOf(row: Float64Array): Answer {
  const answer = row.indexOf(row.reduce((a, b) => Math.max(a, b), -Infinity))
  const sum = row.reduce((a, b) => a + b, 0)
  if (Math.abs(sum - 1) < 1e-3 && row.every((value) => value >= 0)) return { answer, probability: row[answer]! }
  const best = row[answer]!
  return { answer, probability: 1 / row.reduce((total, value) => total + Math.exp(value - best), 0) }
}
