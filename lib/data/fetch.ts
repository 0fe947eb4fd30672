import { setImmediate } from 'node:timers/promises'
import { type Collated, collate as stack, type NumberTypes } from './collate.js'
import type { Dataset } from './dataset.js'
import type { IterableDataset } from './iterable.js'

export type Collate<Sample, Batch> = (samples: Sample[]) => Batch | Promise<Batch>

/**
 * The batch of these indices: as the dataset makes batches itself, or by collating single samples.
 * @param earlier the batches before, so that the first one decides what numbers become
 */
export async function fetchBatch<Sample, Batch = Collated<Sample>>(
  dataset: Dataset<Sample, Batch>,
  indices: Int32Array,
  numbers: NumberTypes,
  earlier: Promise<unknown>,
  collate?: Collate<Sample, Batch>,
): Promise<Batch> {
  if (dataset.batch && !collate) return dataset.batch(indices)
  const samples = await fetchSamples(dataset, indices)
  if (collate) return collate(samples)
  await earlier
  return stack(samples, indices, numbers) as Batch
}

/** How a stream is brought to where it stood. */
export interface Replay {
  readonly batches: number
  /** Puts what the source draws from to where it was when the epoch began. */
  begin(): void
  /** Puts it back. */
  end(): void
}

/** Batches of a stream of samples; those of the replay are gone through and left out. */
export async function* streamBatches<Sample, Batch>(
  dataset: IterableDataset<Sample>,
  { batchSize, dropLast, replay }: { batchSize: number; dropLast: boolean; replay: Replay | undefined },
  numbers: NumberTypes,
  collate?: Collate<Sample, Batch>,
): AsyncGenerator<Batch, void, undefined> {
  const make = (samples: Sample[], first: number) => {
    const indices = samples.map((_, i) => first + i)
    return collate ? collate(samples) : (stack(samples, indices, numbers) as Batch)
  }
  const skip = (replay?.batches ?? 0) * batchSize
  let count = 0
  let samples: Sample[] = []
  replay?.begin()
  try {
    for await (const sample of numbered(dataset)) {
      if (count++ < skip) {
        if (count === skip) replay?.end()
        else if (count % batchSize === 0) await setImmediate() // so that finalizers free the samples
        continue
      }
      samples.push(sample)
      if (samples.length < batchSize) continue
      yield make(samples, count - batchSize)
      samples = []
    }
  } finally {
    if (count < skip) replay?.end()
  }
  if (samples.length > 0 && !dropLast) yield make(samples, count - samples.length)
}

/** The samples of one epoch; a failure names the sample that it kept from coming. */
async function* numbered<Sample>(dataset: IterableDataset<Sample>): AsyncGenerator<Sample> {
  const samples = dataset.open()
  try {
    for (let index = 0; ; index++) {
      const next = await step(samples, index)
      if (next.done) return
      yield next.value
    }
  } finally {
    await samples.return?.()
  }
}

async function step<Sample>(
  samples: AsyncIterator<Sample> | Iterator<Sample>,
  index: number,
): Promise<IteratorResult<Sample, unknown>> {
  try {
    return await samples.next()
  } catch (error) {
    throw sampleError(index, error)
  }
}

/** The samples themselves when all came synchronously, else a promise of all. */
function fetchSamples<Sample>(dataset: Dataset<Sample, unknown>, indices: Int32Array): Sample[] | Promise<Sample[]> {
  const samples: (Sample | Promise<Sample>)[] = []
  let asynchronous = false
  for (const index of indices) {
    const sample = fetchSample(dataset, index)
    asynchronous ||= sample instanceof Promise
    samples.push(sample)
  }
  return asynchronous ? Promise.all(samples) : (samples as Sample[])
}

function fetchSample<Sample>(dataset: Dataset<Sample, unknown>, index: number): Sample | Promise<Sample> {
  try {
    const sample = dataset.get(index)
    return sample instanceof Promise
      ? sample.catch((error: unknown) => Promise.reject(sampleError(index, error)))
      : sample
  } catch (error) {
    return Promise.reject(sampleError(index, error))
  }
}

function sampleError(index: number, cause: unknown): Error {
  return new Error(`DataLoader: sample ${index}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
}
