import { setImmediate } from 'node:timers/promises'
import { Scope } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { type Batches, type Batch, release } from './batches.js'

/** Enqueued before the oldest one's figures are awaited: enough to keep the device busy, few enough to stay in memory. */
const STEPS_IN_FLIGHT = 2

export interface PassOptions {
  signal?: AbortSignal | undefined
  /** Awaited after each step, before the next one. */
  afterStep?: (() => Promise<void>) | undefined
  /** Asked before each step whether the pass is to end instead. */
  stopped?: (() => boolean) | undefined
  /** Told the figures of each step, some steps after it was enqueued, and awaited. Steps count from 1. */
  onFigures?: (figures: readonly number[], step: number) => void | Promise<void>
  /** Where a pass that is resumed stood. */
  state?: PassState | undefined
}

/** What a pass has summed up. */
export interface PassState {
  readonly steps: number
  readonly samples: number
  /** Of figures times samples. */
  readonly sums: readonly number[]
}

interface Reading {
  step: number
  samples: number
  figures: Promise<number[]>
  arrived: boolean
}

/**
 * Runs a synchronous step, in a scope of its own, over batches. Nothing waits for a step to end but the step after
 * the next. The event loop turns at least once per step.
 */
export class Pass {
  /** Steps enqueued. */
  steps: number
  /** Whether it was stopped while there were batches left. */
  cut = false
  /** Those whose figures have arrived. */
  samples: number
  readonly #inFlight: Reading[] = []
  readonly #sums: number[]

  /** @param step enqueues the work and returns scalar tensors, averages over the batch */
  constructor(
    private readonly op: string,
    private readonly step: (...batch: Batch) => readonly Tensor[],
    private readonly options: PassOptions = {},
  ) {
    const { steps = 0, samples = 0, sums = [] } = options.state ?? {}
    this.steps = steps
    this.samples = samples
    this.#sums = [...sums]
  }

  /**
   * @returns the figures' averages over all samples
   * @throws {RangeError} when there is no batch
   */
  async run(batches: Batches): Promise<number[]> {
    const { signal, afterStep, stopped } = this.options
    try {
      for await (const batch of batches) {
        try {
          signal?.throwIfAborted()
          if (stopped?.()) {
            this.cut = true
            break
          }
          if (this.#inFlight.length === STEPS_IN_FLIGHT) await this.#readOldest()
          this.#inFlight.push(enqueue(this.step, batch, ++this.steps))
          await afterStep?.()
        } finally {
          release(batches, batch)
        }
      }
      signal?.throwIfAborted()
      await this.drain()
    } finally {
      await Promise.allSettled(this.#inFlight.map((reading) => reading.figures))
    }
    if (this.steps === 0) throw new RangeError(`${this.op}: expected at least one batch, got none`)
    return this.#sums.map((sum) => sum / this.samples)
  }

  /** Waits for the figures of all steps. */
  async drain(): Promise<void> {
    while (this.#inFlight.length) await this.#readOldest()
  }

  /** What is summed up, once all steps are drained. */
  state(): PassState {
    return { steps: this.steps, samples: this.samples, sums: [...this.#sums] }
  }

  async #readOldest(): Promise<void> {
    const reading = this.#inFlight[0] as Reading
    const waited = !reading.arrived
    const figures = await reading.figures
    this.#inFlight.shift()
    this.samples += reading.samples
    figures.forEach((figure, i) => (this.#sums[i] = (this.#sums[i] ?? 0) + figure * reading.samples))
    await this.options.onFigures?.(figures, reading.step)
    if (!waited) await setImmediate()
  }
}

function enqueue(step: (...batch: Batch) => readonly Tensor[], batch: Batch, number: number): Reading {
  using scope = new Scope()
  const tensors = scope.run(() => step(...batch))
  const reading: Reading = {
    step: number,
    samples: batch[0].shape[0] ?? 1,
    figures: Promise.all(tensors.map((tensor) => tensor.item())),
    arrived: false,
  }
  reading.figures.then(
    () => (reading.arrived = true),
    () => (reading.arrived = true),
  )
  return reading
}
