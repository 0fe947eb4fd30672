import { setImmediate } from 'node:timers/promises'
import type { Generator } from '../random.js'
import { type Collated, collate } from './collate.js'
import { checkIndex, type Dataset } from './dataset.js'
import { RandomSampler, type Sampler, SequentialSampler } from './sampler.js'

export interface DataLoaderOptions<Sample, Batch> {
  /** Samples per batch; default 1. */
  batchSize?: number
  /** A fresh random order for every epoch; default false. */
  shuffle?: boolean
  /** Leave out a last batch that is not full; default false. */
  dropLast?: boolean
  /** The order of the samples, instead of `shuffle`. */
  sampler?: Sampler
  /** Where `shuffle` draws from; default: the default generator. */
  generator?: Generator
  /** Makes a batch of samples; default: stacks numbers and tensors, tuples element by element. */
  collate?: (samples: Sample[]) => Batch | Promise<Batch>
}

/**
 * Mini-batches of a dataset: `for await (const [images, labels] of new DataLoader(dataset, { batchSize: 64 }))`.
 *
 * Every loop is one epoch. Before each batch the event loop turns once, so that servers answer and finalizers run.
 * A batch belongs to whoever takes it: no scope disposes it.
 */
export class DataLoader<Sample, Batch = Collated<Sample>> implements AsyncIterable<Batch> {
  readonly dataset: Dataset<Sample, Batch>
  readonly batchSize: number
  readonly dropLast: boolean
  readonly sampler: Sampler
  readonly #collate: ((samples: Sample[]) => Batch | Promise<Batch>) | undefined

  /** @throws {RangeError} when `batchSize` is no positive integer, TypeError when both `sampler` and `shuffle` are given */
  constructor(dataset: Dataset<Sample, Batch>, options: DataLoaderOptions<Sample, Batch> = {}) {
    const { batchSize = 1, shuffle = false, dropLast = false, generator } = options
    if (!(Number.isSafeInteger(batchSize) && batchSize > 0)) {
      throw new RangeError(`DataLoader: expected batchSize to be an integer ≥ 1, got ${batchSize}`)
    }
    if (options.sampler && shuffle) throw new TypeError('DataLoader: expected a sampler or shuffle, got both')
    this.dataset = dataset
    this.batchSize = batchSize
    this.dropLast = dropLast
    this.sampler = options.sampler ?? (shuffle ? new RandomSampler(dataset, generator) : new SequentialSampler(dataset))
    this.#collate = options.collate
  }

  /** Batches per epoch. */
  get length(): number {
    const batches = this.sampler.length / this.batchSize
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    for (const indices of this.#batches()) {
      await setImmediate()
      yield this.#load(indices)
    }
  }

  *#batches(): Iterable<Int32Array> {
    let indices: number[] = []
    for (const index of this.sampler) {
      checkIndex('DataLoader', index, this.dataset.length)
      indices.push(index)
      if (indices.length < this.batchSize) continue
      yield Int32Array.from(indices)
      indices = []
    }
    if (indices.length > 0 && !this.dropLast) yield Int32Array.from(indices)
  }

  #load(indices: Int32Array): Batch | Promise<Batch> {
    if (this.dataset.batch && !this.#collate) return this.dataset.batch(indices)
    const make = this.#collate ?? ((samples: Sample[]) => collate(samples, indices) as Batch)
    const samples = this.#samples(indices)
    return samples instanceof Promise ? samples.then(make) : make(samples)
  }

  /** The samples themselves when all came synchronously, else a promise of all. */
  #samples(indices: Int32Array): Sample[] | Promise<Sample[]> {
    const samples: (Sample | Promise<Sample>)[] = []
    let asynchronous = false
    for (const index of indices) {
      const sample = this.#sample(index)
      asynchronous ||= sample instanceof Promise
      samples.push(sample)
    }
    return asynchronous ? Promise.all(samples) : (samples as Sample[])
  }

  #sample(index: number): Sample | Promise<Sample> {
    try {
      const sample = this.dataset.get(index)
      return sample instanceof Promise
        ? sample.catch((error: unknown) => Promise.reject(sampleError(index, error)))
        : sample
    } catch (error) {
      return Promise.reject(sampleError(index, error))
    }
  }
}

function sampleError(index: number, cause: unknown): Error {
  return new Error(`DataLoader: sample ${index}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
}
