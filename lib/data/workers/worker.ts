// The thread of a DataLoader's worker: makes the dataset, then batches of its samples, one after the other.
import { parentPort, workerData } from 'node:worker_threads'
import { setImmediate } from 'node:timers/promises'
import { Generator, withDefaultGenerator } from '../../random.js'
import { fetchSamples, SampleError } from '../samples.js'
import type { Assignment, Failure, Loaded, Task } from './messages.js'
import { pack } from './pack.js'
import { follow } from './recipe.js'

const { recipe, length } = workerData as Assignment
const port = parentPort!

/** A batch that a dataset makes as a whole has no samples whose random numbers could be told apart. */
class NoGenerator extends Generator {
  override take(): never {
    throw new Error('with numWorkers, expected random numbers to be drawn in get(), got some drawn in batch()')
  }
}

const dataset = open()
dataset.catch(() => undefined) // each task tells
let last: Promise<void> = Promise.resolve()
port.on('message', (task: Task) => {
  last = last.then(() => run(task))
})

async function open() {
  const dataset = await follow(recipe)
  if (dataset.length === length) return dataset
  throw new Error(`expected the dataset to have ${length} samples, as in the main thread, got ${dataset.length}`)
}

async function run(task: Task): Promise<void> {
  try {
    port.postMessage(await load(task))
  } catch (error) {
    port.postMessage(failure(task.id, error))
  }
  await setImmediate() // so that finalizers free the samples
}

async function load({ id, indices, seed, whole, memory }: Task): Promise<Loaded> {
  const source = await dataset
  if (whole) {
    const batch = await withDefaultGenerator(new NoGenerator(0), () => source.batch!(indices))
    return { id, indices: [...indices], skipped: [], ...pack([batch], memory) }
  }
  const { samples, ...rest } = await fetchSamples(source, indices, seed)
  return { id, ...rest, ...pack(samples, memory) }
}

function failure(id: number, error: unknown): Failure {
  const index = error instanceof SampleError ? error.index : undefined
  const cause = error instanceof SampleError ? error.cause : error
  const { name, message, stack, code }: NodeJS.ErrnoException =
    cause instanceof Error ? cause : new Error(String(cause))
  return { id, index, name, message, stack, code }
}
