import { cuda, type Device, Scope, scope, sync } from 'convcore'
import type { Row } from './rows.js'
import { milliseconds, type Sample } from './timer.js'

/** Each call in a scope of its own, as a step of training is: on a GPU by events, on a CPU until all is done. */
function calls(device: Device, run: () => void): Sample {
  return async (count) => {
    if (!device.startsWith('cuda')) {
      const started = performance.now()
      for (let i = 0; i < count; i++) scope(run)
      await sync(device)
      return performance.now() - started
    }
    const [start, end] = [new cuda.Event(device), new cuda.Event(device)]
    start.record()
    for (let i = 0; i < count; i++) scope(run)
    end.record()
    return start.elapsedTime(end)
  }
}

/** All in one scope, as the ops of a step are. */
function ops(device: Device, run: () => void): Sample {
  return async (count) => {
    const started = performance.now()
    scope(() => {
      for (let i = 0; i < count; i++) run()
    })
    await sync(device)
    return performance.now() - started
  }
}

/** Milliseconds by figure. */
export async function ours(row: Row, device: Device, budget: number): Promise<Record<string, number>> {
  using made = new Scope()
  const sample = row.section === 'overhead' ? ops : calls
  const result: Record<string, number> = {}
  for (const [figure, run] of Object.entries(made.run(() => row.figures(device))))
    result[figure] = await milliseconds(sample(device, run), budget)
  return result
}
