import { describe } from '../errors.js'

type Samples<Sample> = Iterable<Sample> | AsyncIterable<Sample>

/**
 * Samples that come one after the other, their number unknown: lines of a file, rows of a query, endless drawings. A
 * `DataLoader` batches them in their order.
 *
 * ```ts
 * const points = new data.IterableDataset(async function* () {
 *   for await (const line of createInterface(createReadStream('points.csv'))) {
 *     const [x, y, label] = line.split(',').map(Number) as [number, number, number]
 *     yield [tensor([x, y]), label] as const // float32 [2] and, in batches, int32
 *   }
 * })
 * ```
 *
 * A loader that goes on within an epoch goes through the samples before again, and drops them. The source then draws the
 * same random numbers as before from the loader's generator, the default one unless given.
 */
export class IterableDataset<Sample> {
  readonly #source: Samples<Sample> | (() => Samples<Sample>)
  #used: unknown

  /**
   * @param source something iterable, or a function that makes it, called once per epoch: a generator function
   * @throws {TypeError} for anything else
   */
  constructor(source: Samples<Sample> | (() => Samples<Sample>)) {
    if (typeof source !== 'function') checkSamples(source)
    this.#source = source
  }

  /**
   * The samples of one epoch, from the first.
   * @throws {TypeError} when the source is a generator, which can be gone through once, and was
   */
  open(): AsyncIterator<Sample> | Iterator<Sample> {
    const source = checkSamples(typeof this.#source === 'function' ? this.#source() : this.#source)
    const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
    if (iterator === this.#used)
      throw new TypeError(
        'IterableDataset: expected a source for a second epoch, got a generator; give the function that makes it',
      )
    this.#used = iterator
    return iterator
  }
}

function checkSamples<Sample>(source: Samples<Sample>): Samples<Sample> {
  if (typeof source === 'object' && source !== null && (Symbol.asyncIterator in source || Symbol.iterator in source))
    return source
  throw new TypeError(`IterableDataset: expected an iterable, or a function that makes one, got ${describe(source)}`)
}
