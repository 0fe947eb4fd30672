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
  /** Told the figures of each step, some steps after it was enqueued. Steps count from 1. */
  onFigures?: (figures: readonly number[], step: number) => void
}

interface Reading {
  step: number
  samples: number
  figures: Promise<number[]>
  arrived: boolean
}

/**
 * Runs a synchronous step, in a scope of its own, over all batches. Nothing waits for a step to end but the step after
 * the next. The event loop turns at least once per step.
 *
 * @param step enqueues the work and returns scalar tensors, averages over the batch
 * @returns their averages over all samples
 * @throws {RangeError} when there is no batch
 */
export async function pass(
  op: string,
  batches: Batches,
  step: (...batch: Batch) => readonly Tensor[],
  { signal, afterStep, onFigures }: PassOptions = {},
): Promise<number[]> {
  const inFlight: Reading[] = []
  const sums: number[] = []
  let samples = 0
  let steps = 0

  async function readOldest(): Promise<void> {
    const reading = inFlight[0] as Reading
    const waited = !reading.arrived
    const figures = await reading.figures
    inFlight.shift()
    samples += reading.samples
    figures.forEach((figure, i) => (sums[i] = (sums[i] ?? 0) + figure * reading.samples))
    onFigures?.(figures, reading.step)
    if (!waited) await setImmediate()
  }

  try {
    for await (const batch of batches) {
      try {
        signal?.throwIfAborted()
        if (inFlight.length === STEPS_IN_FLIGHT) await readOldest()
        inFlight.push(enqueue(step, batch, ++steps))
        await afterStep?.()
      } finally {
        release(batches, batch)
      }
    }
    signal?.throwIfAborted()
    while (inFlight.length) await readOldest()
  } finally {
    await Promise.allSettled(inFlight.map((reading) => reading.figures))
  }
  if (steps === 0) throw new RangeError(`${op}: expected at least one batch, got none`)
  return sums.map((sum) => sum / samples)
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
