import { setImmediate } from 'node:timers/promises'
import { describe, FormatError } from '../errors.js'
import { defaultGenerator, type Generator, type GeneratorState } from '../random.js'
import { readAhead } from './ahead.js'
import type { Collated, NumberTypes } from './collate.js'
import { checkIndex, type Dataset } from './dataset.js'
import { type Collate, fetchBatch, makesBatches, type Replay, streamBatches } from './fetch.js'
import { IterableDataset } from './iterable.js'
import type { Skipped } from './samples.js'
import { BatchSampler, checkCount, RandomSampler, type Sampler, SequentialSampler } from './sampler.js'
import { fetchFromCrew } from './workers/fetch.js'
import { type Team, toTeam } from './workers/team.js'

/** Options of {@link DataLoader}. */
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
  /** Batches that are loaded before they are asked for; default 0. With `numWorkers`, `prefetchFactor` says it. */
  prefetch?: number
  /**
   * Threads that load batches; default 0: the main thread does. The dataset is made again in each of them, so it must be one
   * of `fromModule()`, an `ImageFolder` without functions, or a `Subset` or `ConcatDataset` of such. Batches are the same for
   * any number.
   */
  numWorkers?: number
  /** Batches per worker that are loaded before they are asked for; default 2. */
  prefetchFactor?: number
  /** Keep the workers from epoch to epoch, until `dispose()`; default false. */
  persistentWorkers?: boolean
  /** Ends loops and workers; `next` rejects with its reason. */
  signal?: AbortSignal
}

/** Indices, a batch at a time. Every iteration is one epoch. */
export interface Batches extends Iterable<Iterable<number>> {
  /** Batches per epoch. */
  readonly length: number
  /** Where the order is drawn from, if it is: the loader saves and restores it. */
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
  /** Of the running epoch's samples. */
  readonly seed?: number | undefined
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
  /** Of the samples' random numbers; undefined before it is drawn, and where no single samples are asked for. */
  seed: number | undefined
}

interface Opened<Batch> {
  readonly next: () => Promise<IteratorResult<Batch, unknown>>
  readonly end: () => Promise<unknown>
}

/**
 * Mini-batches of a dataset: `for await (const [images, labels] of new DataLoader(dataset, { batchSize: 64 }))`.
 *
 * Every loop is one epoch, whose order is drawn as it begins, and after it, where samples are made one by one, a seed: the
 * random numbers that a sample draws from the default generator depend on that seed and the sample's index alone. Before each
 * batch the event loop turns once, so that servers answer and finalizers run. A batch belongs to whoever takes it: no scope
 * disposes it.
 */
export class DataLoader<Sample, Batch = Collated<Sample>> implements AsyncIterable<Batch> {
  /** What it was made of. */
  readonly dataset: Dataset<Sample, Batch> | IterableDataset<Sample>
  /** Batches that are loaded before they are asked for, by this thread. */
  readonly prefetch: number
  /** Threads that load batches. */
  readonly numWorkers: number
  /** Samples that were left out, by index, and why (see `SkipSample`). */
  readonly skipped: ReadonlyMap<number, string>
  readonly #batches: BatchSampler | Batches
  readonly #collate: Collate<Sample, Batch> | undefined
  readonly #signal: AbortSignal | undefined
  /** Of a stream. */
  readonly #source: Generator | undefined
  readonly #team: Team | undefined
  readonly #skipped = new Map<number, string>()
  readonly #stops = new Set<AbortController>()
  #numbers: NumberTypes = {}
  #epoch: Epoch | undefined
  #resumed: Epoch | undefined

  /**
   * @throws {RangeError} when `batchSize` is no integer ≥ 1, or `prefetch`, `numWorkers` or `prefetchFactor` are out of range,
   *   TypeError when two options say the same, or the dataset cannot be made in workers
   */
  constructor(
    dataset: Dataset<Sample, Batch> | IterableDataset<Sample>,
    options: DataLoaderOptions<Sample, Batch> = {},
  ) {
    const { batchSize = 1, dropLast = false } = options
    checkCount('DataLoader', 'batchSize', batchSize, 1)
    this.dataset = dataset
    this.skipped = this.#skipped
    this.#collate = options.collate
    this.#signal = options.signal
    if (dataset instanceof IterableDataset) this.#source = options.generator ?? defaultGenerator
    const sampler = toSampler(dataset, options)
    this.#batches = options.batchSampler ?? new BatchSampler(sampler, batchSize, { dropLast })
    this.#team = toTeam(dataset, options)
    this.numWorkers = this.#team?.size ?? 0
    this.prefetch = this.#team ? this.#team.ahead : (options.prefetch ?? 0)
  }

  /** Batches per epoch; undefined for an `IterableDataset`. */
  get length(): number | undefined {
    return this.dataset instanceof IterableDataset ? undefined : this.#batches.length
  }

  /**
   * Begins an epoch, or goes on with the one that `loadStateDict` has restored.
   * @throws {Error} what the dataset throws, with the sample's index in the message
   */
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
    this.#signal?.throwIfAborted()
    const epoch = this.#resumed ?? { position: 0, start: this.#generator?.state(), resumed: false, seed: undefined }
    this.#resumed = undefined
    this.#epoch = epoch
    tell(epoch)
    const stop = new AbortController()
    const abort = () => stop.abort(this.#signal!.reason)
    this.#signal?.addEventListener('abort', abort)
    this.#stops.add(stop)
    const { next, end } = this.#open(epoch, stop.signal)
    try {
      for await (const batch of readAhead(next, this.prefetch, stop)) {
        epoch.position++
        if (batch !== undefined) yield batch
      }
      if (this.#epoch === epoch) this.#epoch = undefined
      tell(undefined)
    } finally {
      this.#stops.delete(stop)
      this.#signal?.removeEventListener('abort', abort)
      await end()
    }
  }

  /** Ends the workers, and loops that are under way: their `next` rejects. */
  async dispose(): Promise<void> {
    for (const stop of this.#stops)
      stop.abort(new Error('DataLoader: expected a loader in use, got one that was disposed'))
    await this.#team?.dispose()
  }

  /** As `dispose()`: `await using loader = …`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
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
    const { position, epoch, generator: now, numbers, seed } = state
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
    this.#resumed = position > 0 || epoch ? { position, start: epoch, resumed: true, seed } : undefined
  }

  get #generator(): Generator | undefined {
    return this.#source ?? this.#batches.generator
  }

  #stateOf({ position = 0, start, seed }: Partial<Epoch> = {}): LoaderState {
    const generator = this.#generator?.state()
    return { position, epoch: start, generator, numbers: { ...this.#numbers }, ...(seed === undefined ? {} : { seed }) }
  }

  /** Batches of one loop; one whose samples were all left out is undefined. */
  #open(epoch: Epoch, stop: AbortSignal): Opened<Batch | undefined> {
    const { dataset } = this
    if (dataset instanceof IterableDataset) {
      const { batchSize, dropLast } = this.#batches as BatchSampler
      const options = { batchSize, dropLast, replay: this.#replay(epoch) }
      const stream = streamBatches(dataset, options, this.#numbers, this.#collate)
      return { next: () => setImmediate().then(() => stream.next()), end: () => stream.return() }
    }
    const rest = this.#order(epoch).slice(epoch.position).values()
    const whole = makesBatches(dataset, this.#collate)
    if (!whole) epoch.seed ??= (this.#generator ?? defaultGenerator).integer(Number.MAX_SAFE_INTEGER)
    const { seed = 0 } = epoch
    const crew = this.#team?.begin(stop)
    let earlier: Promise<unknown> = Promise.resolve()
    const load = async (indices: Int32Array, before: Promise<unknown>) => {
      const request = {
        indices,
        seed,
        numbers: this.#numbers,
        earlier: before,
        collate: this.#collate,
        onSkip: this.#noteSkipped,
      }
      if (crew) return { done: false, value: await fetchFromCrew(crew, request, whole, stop) }
      await setImmediate()
      return { done: false, value: await fetchBatch(dataset, request) }
    }
    const next = async (): Promise<IteratorResult<Batch | undefined, unknown>> => {
      const indices = rest.next()
      if (indices.done) return indices
      const result = load(indices.value, earlier)
      const end = () => undefined
      earlier = result.then(end, end)
      return result
    }
    return { next, end: async () => crew && this.#team?.end(crew) }
  }

  readonly #noteSkipped = (skipped: readonly Skipped[]): void => {
    for (const { index, reason } of skipped) {
      if (!this.#skipped.has(index)) process.emitWarning(`DataLoader: sample ${index} is left out: ${reason}`)
      this.#skipped.set(index, reason)
    }
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
