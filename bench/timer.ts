import { median } from './statistics.js'

const WARM_UP = 3
const SAMPLE_MS = 20 // calls are counted so that a sample takes as long: single ones are too short for the clock

/** Milliseconds that some calls take in all. */
export type Sample = (calls: number) => Promise<number>

/** Median milliseconds of a call, after warm-up, over samples that take `budget` milliseconds in all. */
export async function milliseconds(sample: Sample, budget: number): Promise<number> {
  await sample(WARM_UP)
  let calls = 1
  for (let took = await sample(1); took < SAMPLE_MS && calls < 1000; took = await sample(calls))
    calls = Math.min(1000, Math.ceil(calls * Math.min(10, (1.2 * SAMPLE_MS) / Math.max(took, 1e-3))))
  const samples: number[] = []
  const end = performance.now() + budget
  while (performance.now() < end || samples.length < 3) samples.push((await sample(calls)) / calls)
  return median(samples)
}
