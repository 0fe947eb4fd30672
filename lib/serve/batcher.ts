import { describe, QueueError } from '../errors.js'
import { checkWhole } from '../ops/check.js'

/** How a {@link Batcher} gathers. */
export interface BatcherOptions {
  /** Inputs that are answered together at most. Default 32. */
  maxBatch?: number
  /**
   * Milliseconds that an input waits for others when nothing runs; default 1, with 0 only those of the same tick go together.
   * Inputs that come while a batch runs wait for its end, and no longer.
   */
  maxWaitMs?: number
  /** Inputs that wait at most, beside those of the batch that runs. Default 1024. */
  maxQueue?: number
}

/** What one request is given besides its input. */
export interface RequestOptions {
  /** Rejects with its reason; what still waits is taken out of the queue. */
  signal?: AbortSignal | undefined
}

/** What somebody waits for. */
interface Request<I, O> {
  readonly input: I
  resolve(output: O): void
  reject(reason: unknown): void
}

/**
 * Puts requests that come one by one together in batches, which a model answers in little more time than one.
 *
 * ```ts
 * const batcher = new serve.Batcher(async (images: Tensor[]) => {
 *   using made = new Scope()
 *   const classes = made.run(() => predict(stack(images)).argmax(1))
 *   return Array.from(await classes.data())
 * })
 * const label = await batcher.add(image)
 * ```
 *
 * Batches run one after the other, inputs in the order in which they came. What one batch throws, its callers get and
 * nobody else.
 */
export class Batcher<I, O> implements AsyncDisposable {
  /** Inputs that are answered together at most. */
  readonly maxBatch: number
  /** Milliseconds that an input waits for others when nothing runs. */
  readonly maxWaitMs: number
  /** Inputs that wait at most. */
  readonly maxQueue: number
  readonly #run: (inputs: I[]) => readonly O[] | Promise<readonly O[]>
  readonly #waiting = new Set<Request<I, O>>()
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined
  #closed = false

  /**
   * @param run from inputs to one output for each, in their order
   * @throws {TypeError} {@link RangeError} for what is no function, and for numbers out of range
   */
  constructor(run: (inputs: I[]) => readonly O[] | Promise<readonly O[]>, options: BatcherOptions = {}) {
    const { maxBatch = 32, maxWaitMs = 1, maxQueue = 1024 } = options
    if (typeof run !== 'function') throw new TypeError(`Batcher: expected a function, got ${describe(run)}`)
    if (!(Number.isFinite(maxWaitMs) && maxWaitMs >= 0))
      throw new RangeError(`Batcher: expected maxWaitMs to be a number ≥ 0, got ${describe(maxWaitMs)}`)
    this.maxBatch = checkWhole('Batcher', 'maxBatch', maxBatch, 1)
    this.maxWaitMs = maxWaitMs
    this.maxQueue = checkWhole('Batcher', 'maxQueue', maxQueue, 1)
    this.#run = run
  }

  /** How many inputs wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * @returns the output for this input
   * @throws {QueueError} `ERR_QUEUE_FULL` when `maxQueue` inputs wait, `ERR_QUEUE_CLOSED` after `close()`
   * @throws what `run` throws for its batch, and the signal's reason
   */
  async add(input: I, { signal }: RequestOptions = {}): Promise<O> {
    signal?.throwIfAborted()
    if (this.#closed)
      throw new QueueError('ERR_QUEUE_CLOSED', 'Batcher: expected an open queue, got one that was closed')
    if (this.#waiting.size >= this.maxQueue)
      throw new QueueError('ERR_QUEUE_FULL', `Batcher: expected at most ${this.maxQueue} inputs to wait, got one more`)
    return new Promise<O>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(request)
        reject(signal!.reason as Error)
      }
      const settle =
        <T>(fn: (value: T) => void) =>
        (value: T): void => {
          signal?.removeEventListener('abort', leave)
          fn(value)
        }
      const request: Request<I, O> = { input, resolve: settle(resolve), reject: settle(reject) }
      signal?.addEventListener('abort', leave, { once: true })
      this.#waiting.add(request)
      this.#schedule()
    })
  }

  /** Takes no more inputs; resolves when all that wait are answered. */
  async close(): Promise<void> {
    this.#closed = true
    this.#start()
    await this.#working
  }

  /** As {@link Batcher.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #schedule(): void {
    if (this.#waiting.size >= this.maxBatch || this.maxWaitMs === 0) this.#start()
    else if (!this.#working) this.#timer ??= setTimeout(() => this.#start(), this.maxWaitMs)
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#waiting.size > 0) this.#working ??= this.#work()
  }

  async #work(): Promise<void> {
    await Promise.resolve() // not within the call that brought the last input
    while (this.#waiting.size > 0) await this.#answer(this.#take())
    this.#working = undefined
  }

  #take(): Request<I, O>[] {
    const batch: Request<I, O>[] = []
    for (const request of this.#waiting) {
      if (batch.length === this.maxBatch) break
      this.#waiting.delete(request)
      batch.push(request)
    }
    return batch
  }

  async #answer(batch: readonly Request<I, O>[]): Promise<void> {
    try {
      const outputs: unknown = await this.#run(batch.map(({ input }) => input))
      if (!Array.isArray(outputs) || outputs.length !== batch.length)
        throw new TypeError(
          `Batcher: expected an array of ${batch.length} outputs, one for each input, got ` +
            (Array.isArray(outputs) ? `one of ${outputs.length}` : describe(outputs)),
        )
      for (const [i, request] of batch.entries()) request.resolve(outputs[i] as O)
    } catch (error) {
      for (const request of batch) request.reject(error)
    }
  }
}
