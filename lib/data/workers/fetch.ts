import { setImmediate } from 'node:timers/promises'
import { type BatchRequest, collateSamples } from '../fetch.js'
import type { Crew } from './crew.js'
import { unpack } from './pack.js'
import type { SharedTensor } from './shared.js'

/**
 * A batch that a worker loads; undefined when all its samples were left out.
 * @param whole whether the dataset makes it, not its samples
 */
export async function fetchFromCrew<Sample, Batch>(
  crew: Crew,
  request: BatchRequest<Sample, Batch>,
  whole: boolean,
  signal: AbortSignal,
): Promise<Batch | undefined> {
  const { indices, seed, collate } = request
  const loaded = await crew.load({ indices, seed, whole }, signal)
  try {
    await setImmediate()
    if (whole) return unpack(loaded, toTensor)[0] as Batch
    // Those of samples that are stacked stay where they are, so that a batch is one write.
    const samples = unpack(loaded, collate ? toTensor : (x) => x) as Sample[]
    return await collateSamples({ samples, indices: loaded.indices, skipped: loaded.skipped }, request)
  } finally {
    crew.giveBack(loaded)
  }
}

const toTensor = (x: SharedTensor) => x.toTensor()
