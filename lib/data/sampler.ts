import { type Generator, defaultGenerator } from '../random.js'

/** Which samples an epoch visits, in which order. Every iteration is one epoch. */
export interface Sampler extends Iterable<number> {
  readonly length: number
}

interface Counted {
  readonly length: number
}

/** 0, 1, 2 … in order. */
export class SequentialSampler implements Sampler {
  readonly #source: Counted

  constructor(source: Counted) {
    this.#source = source
  }

  get length(): number {
    return this.#source.length
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let i = 0; i < this.length; i++) yield i
  }
}

/** Every sample once, in a fresh random order for each epoch. */
export class RandomSampler implements Sampler {
  readonly #source: Counted
  readonly #generator: Generator

  constructor(source: Counted, generator = defaultGenerator) {
    this.#source = source
    this.#generator = generator
  }

  get length(): number {
    return this.#source.length
  }

  [Symbol.iterator](): Iterator<number> {
    return this.#generator.permutation(this.length).values()
  }
}

/** Some samples once, in a fresh random order for each epoch: a training or validation split by index. */
export class SubsetRandomSampler implements Sampler {
  readonly #indices: Int32Array
  readonly #generator: Generator

  constructor(indices: ArrayLike<number>, generator = defaultGenerator) {
    this.#indices = Int32Array.from(indices)
    this.#generator = generator
  }

  get length(): number {
    return this.#indices.length
  }

  [Symbol.iterator](): Iterator<number> {
    return this.#generator
      .permutation(this.length)
      .map((i) => this.#indices[i]!)
      .values()
  }
}
