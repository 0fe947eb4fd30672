import { describe } from '../errors.js'
import { type Generator, defaultGenerator } from '../random.js'

/** Which samples an epoch visits, in which order. Every iteration is one epoch. */
export interface Sampler extends Iterable<number> {
  /** Samples per epoch. */
  readonly length: number
  /** Where the order is drawn from, so that a `DataLoader` can be put back into the middle of an epoch. */
  readonly generator?: Generator | undefined
}

interface Counted {
  readonly length: number
}

/** What samplers that draw are told. */
export interface SamplerOptions {
  /** Where the order is drawn from; default: the default generator. */
  generator?: Generator | undefined
}

/** Options of {@link RandomSampler}. */
export interface RandomSamplerOptions extends SamplerOptions {
  /** Draw every sample from all, so that some come twice and some not at all; default false. */
  replacement?: boolean
  /** Samples per epoch; default: as many as there are. More, without replacement, go through all again. */
  numSamples?: number | undefined
}

/** 0, 1, 2 … in order. */
export class SequentialSampler implements Sampler {
  readonly #source: Counted

  /** @param source whose samples are counted: a dataset */
  constructor(source: Counted) {
    this.#source = source
  }

  get length(): number {
    return this.#source.length
  }

  /** The indices of one epoch. */
  *[Symbol.iterator](): Iterator<number> {
    for (let i = 0; i < this.length; i++) yield i
  }
}

/** Every sample once, or `numSamples` of them, in a fresh random order for each epoch. */
export class RandomSampler implements Sampler {
  readonly generator: Generator
  /** Whether samples may come twice. */
  readonly replacement: boolean
  readonly #source: Counted
  readonly #numSamples: number | undefined

  /** @throws {RangeError} when `numSamples` is no integer ≥ 0 */
  constructor(source: Counted, options: RandomSamplerOptions = {}) {
    const { generator = defaultGenerator, replacement = false, numSamples } = options
    if (numSamples !== undefined) checkCount('RandomSampler', 'numSamples', numSamples)
    this.generator = generator
    this.replacement = replacement
    this.#source = source
    this.#numSamples = numSamples
  }

  get length(): number {
    return this.#numSamples ?? this.#source.length
  }

  /** The indices of one epoch, drawn as it begins. */
  [Symbol.iterator](): Iterator<number> {
    const { generator, length } = this
    const { length: n } = this.#source
    if (n === 0 && length > 0) throw new RangeError(`RandomSampler: expected samples to draw ${length} from, got none`)
    if (this.replacement) return Int32Array.from({ length }, () => generator.integer(n)).values()
    if (length === n) return generator.permutation(n).values()
    const order = new Int32Array(length)
    for (let i = 0; i < length; i += n) order.set(generator.permutation(n).subarray(0, length - i), i)
    return order.values()
  }
}

/** Some samples once, in a fresh random order for each epoch: a training or validation split by index. */
export class SubsetRandomSampler implements Sampler {
  readonly generator: Generator
  readonly #indices: Int32Array

  /** @param indices of the samples to visit */
  constructor(indices: ArrayLike<number>, { generator = defaultGenerator }: SamplerOptions = {}) {
    this.generator = generator
    this.#indices = Int32Array.from(indices)
  }

  get length(): number {
    return this.#indices.length
  }

  /** The indices of one epoch, drawn as it begins. */
  [Symbol.iterator](): Iterator<number> {
    return this.generator
      .permutation(this.length)
      .map((i) => this.#indices[i]!)
      .values()
  }
}

/** Groups a sampler's indices into batches: what a `DataLoader` with `batchSize` does, to be varied. */
export class BatchSampler implements Iterable<number[]> {
  /** Where the indices come from. */
  readonly sampler: Sampler
  /** Indices per batch. */
  readonly batchSize: number
  /** Whether a last batch that is not full is left out. */
  readonly dropLast: boolean

  /** @throws {RangeError} when `batchSize` is no integer ≥ 1 */
  constructor(sampler: Sampler, batchSize: number, { dropLast = false }: { dropLast?: boolean } = {}) {
    checkCount('BatchSampler', 'batchSize', batchSize, 1)
    this.sampler = sampler
    this.batchSize = batchSize
    this.dropLast = dropLast
  }

  /** The sampler's. */
  get generator(): Generator | undefined {
    return this.sampler.generator
  }

  /** Batches per epoch. */
  get length(): number {
    const batches = this.sampler.length / this.batchSize
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches)
  }

  /** The batches of one epoch. */
  *[Symbol.iterator](): Iterator<number[]> {
    let indices: number[] = []
    for (const index of this.sampler) {
      indices.push(index)
      if (indices.length < this.batchSize) continue
      yield indices
      indices = []
    }
    if (indices.length > 0 && !this.dropLast) yield indices
  }
}

/** @throws {RangeError} unless the value is an integer ≥ least */
export function checkCount(op: string, name: string, value: number, least = 0): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new RangeError(`${op}: expected ${name} to be an integer ≥ ${least}, got ${describe(value)}`)
}
