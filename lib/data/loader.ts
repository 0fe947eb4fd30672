import { setImmediate } from 'node:timers/promises'
import { describe, FormatError } from '../errors.js'
import { defaultGenerator, type Generator, type GeneratorState } from '../random.js'
import { readAhead } from './ahead.js'
import type { Collated, NumberTypes } from './collate.js'
import { checkIndex, type Dataset } from './dataset.js'
import { type Collate, fetchBatch, type Replay, streamBatches } from './fetch.js'
import { IterableDataset } from './iterable.js'
import { BatchSampler, checkCount, RandomSampler, type Sampler, SequentialSampler } from './sampler.js'

export interface DataLoaderOptions<Sample, Batch> {
  /** Samples per batch; default 1. */
  batchSize?: number
  /** A fresh random order for every epoch; default false. */
  shuffle?: boolean
  /** Leave out a last batch that is not full; default false. */
  dropLast?: boolean
  /** The order of the samples, instead of `shuffle`. */
  sampler?: Sampler
  /** The batches' indices, instead of all that is above. */
  batchSampler?: Batches
  /** Where `shuffle`, or the source of an `IterableDataset`, draws from; default: the default generator. */
  generator?: Generator
  /** Makes a batch of samples; default: stacks numbers and tensors, tuples element by element, as `collate` does. */
  collate?: Collate<Sample, Batch>
  /** Batches that are loaded before they are asked for; default 0. */
  prefetch?: number
}

/** Indices, a batch at a time. Every iteration is one epoch. */
export interface Batches extends Iterable<Iterable<number>> {
  readonly length: number
  readonly generator?: Generator | undefined
}

/** Where a `DataLoader` stands; JSON. */
export interface LoaderState {
  /** Batches of the running epoch that were taken; 0 between epochs. */
  readonly position: number
  /** The generator of the order, or of a stream, as it was when the running epoch began. */
  readonly epoch?: GeneratorState | undefined
  /** The same generator as it is. */
  readonly generator?: GeneratorState | undefined
  /** What numbers in samples become, as the first batch decided. */
  readonly numbers?: NumberTypes | undefined
}

/** One loop over a loader. */
export interface Loop<Batch> {
  readonly batches: AsyncGenerator<Batch, void, undefined>
  /** Where this loop stands. */
  stateDict(): LoaderState
}

interface Epoch {
  position: number
  /** The generator before the order was drawn. */
  readonly start: GeneratorState | undefined
  readonly resumed: boolean
}

/**
 * Mini-batches of a dataset: `for await (const [images, labels] of new DataLoader(dataset, { batchSize: 64 }))`.
 *
 * Every loop is one epoch, whose order is drawn as it begins. Before each batch the event loop turns once, so that
 * servers answer and finalizers run. A batch belongs to whoever takes it: no scope disposes it.
 */
export class DataLoader<Sample, Batch = Collated<Sample>> implements AsyncIterable<Batch> {
  readonly dataset: Dataset<Sample, Batch> | IterableDataset<Sample>
  readonly prefetch: number
  readonly #batches: BatchSampler | Batches
  readonly #collate: Collate<Sample, Batch> | undefined
  /** Of a stream. */
  readonly #source: Generator | undefined
  #numbers: NumberTypes = {}
  #epoch: Epoch | undefined
  #resumed: Epoch | undefined

  /**
   * @throws {RangeError} when `batchSize` is no integer ≥ 1 or `prefetch` none ≥ 0, TypeError when two options say what
   *   the order is, or one does of an `IterableDataset`
   */
  constructor(
    dataset: Dataset<Sample, Batch> | IterableDataset<Sample>,
    options: DataLoaderOptions<Sample, Batch> = {},
  ) {
    const { batchSize = 1, dropLast = false, prefetch = 0 } = options
    checkCount('DataLoader', 'batchSize', batchSize, 1)
    checkCount('DataLoader', 'prefetch', prefetch)
    this.dataset = dataset
    this.prefetch = prefetch
    this.#collate = options.collate
    if (dataset instanceof IterableDataset) this.#source = options.generator ?? defaultGenerator
    const sampler = toSampler(dataset, options)
    this.#batches = options.batchSampler ?? new BatchSampler(sampler, batchSize, { dropLast })
  }

  /** Batches per epoch; undefined for an `IterableDataset`. */
  get length(): number | undefined {
    return this.dataset instanceof IterableDataset ? undefined : this.#batches.length
  }

  [Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    return this.loop().batches
  }

  /** @internal A loop that tells its own position, whatever other loops do meanwhile. */
  loop(): Loop<Batch> {
    let running: Epoch | undefined
    const batches = this.#run((epoch) => (running = epoch))
    return { batches, stateDict: () => this.#stateOf(running) }
  }

  async *#run(tell: (epoch: Epoch | undefined) => void): AsyncGenerator<Batch, void, undefined> {
    const epoch = this.#resumed ?? { position: 0, start: this.#generator?.state(), resumed: false }
    this.#resumed = undefined
    this.#epoch = epoch
    tell(epoch)
    const { next, end } = this.#open(epoch)
    try {
      for await (const batch of readAhead(next, this.prefetch)) {
        epoch.position++
        yield batch
      }
      if (this.#epoch === epoch) this.#epoch = undefined
      tell(undefined)
    } finally {
      await end?.()
    }
  }

  /**
   * Where the loader stands: in the epoch that began last, after the batch that was taken last. With `prefetch`, it says
   * nothing of random numbers that the dataset draws for batches ahead.
   */
  stateDict(): LoaderState {
    return this.#stateOf(this.#epoch ?? this.#resumed)
  }

  /**
   * Puts the loader, and the generator of its order, where another one of the same dataset and options stood: the next
   * loop goes on with the rest of that one's epoch.
   *
   * @throws {FormatError} when the state is none, or is of a loader of another kind
   */
  loadStateDict(state: LoaderState): void {
    const generator = this.#generator
    const { position, epoch, generator: now, numbers } = state
    const { length = Infinity } = this
    if (!(Number.isSafeInteger(position) && position >= 0 && position <= length))
      throw new FormatError(`DataLoader: expected a position from 0 to ${length}, got ${describe(position)}`)
    if (!now !== !generator) {
      const [expected, got] = generator ? ['random', 'fixed'] : ['fixed', 'random']
      throw new FormatError(`DataLoader: expected the state of a loader in ${expected} order, got one in ${got} order`)
    }
    if (now) generator!.setState(now)
    if (numbers) this.#numbers = { ...numbers }
    this.#epoch = undefined
    this.#resumed = position > 0 || epoch ? { position, start: epoch, resumed: true } : undefined
  }

  get #generator(): Generator | undefined {
    return this.#source ?? this.#batches.generator
  }

  #stateOf({ position, start }: Partial<Epoch> = {}): LoaderState {
    return { position: position ?? 0, epoch: start, generator: this.#generator?.state(), numbers: { ...this.#numbers } }
  }

  #open(epoch: Epoch): { next: () => Promise<IteratorResult<Batch, unknown>>; end?: () => Promise<unknown> } {
    const { dataset } = this
    const numbers = this.#numbers
    if (dataset instanceof IterableDataset) {
      const { batchSize, dropLast } = this.#batches as BatchSampler
      const options = { batchSize, dropLast, replay: this.#replay(epoch) }
      const stream = streamBatches(dataset, options, numbers, this.#collate)
      return { next: () => setImmediate().then(() => stream.next()), end: () => stream.return() }
    }
    const rest = this.#order(epoch).slice(epoch.position).values()
    let earlier: Promise<unknown> = Promise.resolve()
    const load = async (indices: Int32Array, before: Promise<unknown>): Promise<IteratorResult<Batch, unknown>> => {
      await setImmediate()
      return { done: false, value: await fetchBatch(dataset, indices, numbers, before, this.#collate) }
    }
    const next = async (): Promise<IteratorResult<Batch, unknown>> => {
      const indices = rest.next()
      if (indices.done) return indices
      const result = load(indices.value, earlier)
      const end = () => undefined
      earlier = result.then(end, end)
      return result
    }
    return { next }
  }

  /** The batches of a stream that a loop which is resumed leaves out. */
  #replay({ position, start }: Epoch): Replay | undefined {
    const generator = this.#source
    if (position === 0 || !generator || !start) return undefined
    let now = generator.state()
    const begin = () => {
      now = generator.state()
      generator.setState(start)
    }
    return { batches: position, begin, end: () => void generator.setState(now) }
  }

  /** All batches of an epoch. One that is resumed was drawn before, so its drawing must not move the generator. */
  #order({ start, resumed }: Epoch): Int32Array[] {
    const { generator } = this.#batches
    const { length } = this.dataset as Dataset<Sample, Batch>
    const now = generator?.state()
    if (start) generator?.setState(start)
    const order = Array.from(this.#batches, (batch) => {
      const indices = [...batch]
      for (const index of indices) checkIndex('DataLoader', index, length)
      return Int32Array.from(indices)
    })
    if (resumed && now) generator?.setState(now)
    return order
  }
}

function toSampler<Sample, Batch>(
  dataset: Dataset<Sample, Batch> | IterableDataset<Sample>,
  { shuffle, sampler, batchSampler, batchSize, dropLast, generator }: DataLoaderOptions<Sample, Batch>,
): Sampler {
  if (sampler && shuffle) throw new TypeError('DataLoader: expected a sampler or shuffle, got both')
  if (batchSampler && (sampler ?? shuffle ?? batchSize ?? dropLast) !== undefined)
    throw new TypeError(
      'DataLoader: expected a batchSampler without batchSize, shuffle, sampler and dropLast, got both',
    )
  if (dataset instanceof IterableDataset) {
    if (sampler ?? batchSampler ?? shuffle)
      throw new TypeError('DataLoader: expected an IterableDataset in its own order, got one with a sampler or shuffle')
    return new SequentialSampler({ length: 0 })
  }
  return sampler ?? (shuffle ? new RandomSampler(dataset, { generator }) : new SequentialSampler(dataset))
}
