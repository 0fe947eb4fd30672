import { setImmediate } from 'node:timers/promises'
import { type Collated, collate as stack, type NumberTypes } from './collate.js'
import type { Dataset } from './dataset.js'
import type { IterableDataset } from './iterable.js'
import { fetchSamples, SampleError, type Samples, type Skipped } from './samples.js'

/** Makes a batch of samples. */
export type Collate<Sample, Batch> = (samples: Sample[]) => Batch | Promise<Batch>

/** What a loader needs for one batch. */
export interface BatchRequest<Sample, Batch> {
  readonly indices: Int32Array
  /** Of the epoch's samples. */
  readonly seed: number
  /** What numbers in samples become, as the first batch decides. */
  readonly numbers: NumberTypes
  /** The batches before. */
  readonly earlier: Promise<unknown>
  readonly collate: Collate<Sample, Batch> | undefined
  /** Told of samples that are left out. */
  readonly onSkip: (skipped: readonly Skipped[]) => void
}

/** Whether the dataset makes whole batches, so that no single samples are asked for. */
export const makesBatches = <Sample, Batch>(
  dataset: Dataset<Sample, Batch>,
  collate: Collate<Sample, Batch> | undefined,
): boolean => dataset.batch !== undefined && !collate

/** A batch, as the dataset makes it itself, or by collating single samples; undefined when all were left out. */
export async function fetchBatch<Sample, Batch = Collated<Sample>>(
  dataset: Dataset<Sample, Batch>,
  request: BatchRequest<Sample, Batch>,
): Promise<Batch | undefined> {
  if (makesBatches(dataset, request.collate)) return dataset.batch!(request.indices)
  return collateSamples(await fetchSamples(dataset, request.indices, request.seed), request)
}

/** Makes a batch of samples when its turn comes. */
export async function collateSamples<Sample, Batch>(
  { samples, indices, skipped }: Samples<Sample>,
  { numbers, earlier, collate, onSkip }: BatchRequest<Sample, Batch>,
): Promise<Batch | undefined> {
  onSkip(skipped)
  if (samples.length === 0) return undefined
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
    throw new SampleError(index, error)
  }
}
