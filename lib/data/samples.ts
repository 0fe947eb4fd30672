import { derivedSeed, Generator, withDefaultGenerator } from '../random.js'
import type { Dataset } from './dataset.js'

/**
 * Thrown by a dataset's `get` for a sample that cannot be had and need not be: a `DataLoader` leaves it out of its batch,
 * and lists it in `skipped`.
 */
export class SkipSample extends Error {
  /** The class' name. */
  override readonly name = 'SkipSample'
  /** The error's code. */
  readonly code = 'ERR_SKIP_SAMPLE'
}

export interface Samples<Sample> {
  readonly samples: Sample[]
  /** Of the samples. */
  readonly indices: number[]
  readonly skipped: Skipped[]
}

export interface Skipped {
  readonly index: number
  readonly reason: string
}

/** The error of one sample; its cause has the stack. */
export class SampleError extends Error {
  constructor(
    readonly index: number,
    cause: unknown,
  ) {
    super(`DataLoader: sample ${index}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/**
 * The samples of these indices, all under way at a time. While one is made, the default generator is its own: what it
 * draws depends on `seed` and its index alone.
 */
export async function fetchSamples<Sample>(
  dataset: Dataset<Sample, unknown>,
  indices: Int32Array,
  seed: number,
): Promise<Samples<Sample>> {
  const made = await Promise.all(Array.from(indices, (index) => fetchSample(dataset, index, seed)))
  const all: Samples<Sample> = { samples: [], indices: [], skipped: [] }
  for (const [i, index] of indices.entries()) {
    const sample = made[i]!
    if ('reason' in sample) all.skipped.push({ index, reason: sample.reason })
    else {
      all.samples.push(sample.sample)
      all.indices.push(index)
    }
  }
  return all
}

async function fetchSample<Sample>(
  dataset: Dataset<Sample, unknown>,
  index: number,
  seed: number,
): Promise<{ sample: Sample } | { reason: string }> {
  const generator = new Generator(derivedSeed(seed, index))
  try {
    return { sample: await withDefaultGenerator(generator, () => dataset.get(index)) }
  } catch (error) {
    if (error instanceof SkipSample) return { reason: error.message }
    throw new SampleError(index, error)
  }
}
