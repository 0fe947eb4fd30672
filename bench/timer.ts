import { cuda, type Device, scope, sync } from 'convcore'

const WARM_UP = 3
const SAMPLE_MS = 20 // calls are counted so that a sample takes as long: single ones are too short for the clock

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Milliseconds of `calls` calls: on a GPU by events, on a CPU until all is done. */
async function sample(device: Device, run: () => void, calls: number): Promise<number> {
  if (!device.startsWith('cuda')) {
    const started = performance.now()
    for (let i = 0; i < calls; i++) scope(run)
    await sync(device)
    return performance.now() - started
  }
  const [start, end] = [new cuda.Event(device), new cuda.Event(device)]
  start.record()
  for (let i = 0; i < calls; i++) scope(run)
  end.record()
  return start.elapsedTime(end)
}

/** Median milliseconds of a call, after warm-up, over samples that take `budget` milliseconds in all. */
export async function time(device: Device, run: () => void, budget: number): Promise<number> {
  await sample(device, run, WARM_UP)
  let calls = 1
  for (
    let took = await sample(device, run, 1);
    took < SAMPLE_MS && calls < 1000;
    took = await sample(device, run, calls)
  )
    calls = Math.min(1000, Math.ceil(calls * Math.min(10, (1.2 * SAMPLE_MS) / Math.max(took, 1e-3))))
  const samples: number[] = []
  const end = performance.now() + budget
  while (performance.now() < end || samples.length < 3) samples.push((await sample(device, run, calls)) / calls)
  return median(samples)
}
