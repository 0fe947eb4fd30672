import { describe } from '../errors.js'
import { clone } from '../ops/convert.js'
import { scope, tensorsIn } from '../scope.js'
import { Tensor } from '../tensor.js'
import { type Source, toBatches } from './batches.js'
import type { Engine } from './engine.js'
import type { EvaluateOptions } from './options.js'
import { Pass } from './pass.js'
import { positionOf, rest } from './resume.js'
import { snapshot, restore } from './state.js'

/** Options of `findLearningRate`. */
export interface LearningRateOptions extends EvaluateOptions {
  /** The first learning rate; default 1e-7. */
  min?: number
  /** The last one, unless the loss grows too much before; default 10. */
  max?: number
  /** Default 100; the data is gone through again where it ends before. */
  steps?: number
  /** How much of the average loss stays from one step to the next; default 0.9. */
  smoothing?: number
  /** Stops when the average loss is so many times the least; default 4. */
  divergence?: number
}

/** One number per step. */
export interface LearningRates {
  /** Learning rates. */
  readonly rates: readonly number[]
  /** The batches' losses. */
  readonly losses: readonly number[]
  /** Running averages of the losses. */
  readonly smoothed: readonly number[]
  /** Where the average falls fastest, on a scale of logarithms; undefined when it never falls. */
  readonly suggestion: number | undefined
}

type Groups = Iterable<{ lr: number }>

/** See {@link Trainer.findLearningRate}. */
export async function findLearningRate(
  engine: Engine,
  source: Source,
  options: LearningRateOptions,
): Promise<LearningRates> {
  const { min = 1e-7, max = 10, steps = 100, smoothing = 0.9, divergence = 4, batchSize = 64 } = options
  if (!(min > 0 && min < max && max < Infinity))
    throw new RangeError(`findLearningRate: expected 0 < min < max, got min ${describe(min)} and max ${describe(max)}`)
  if (!(Number.isSafeInteger(steps) && steps > 1))
    throw new RangeError(`findLearningRate: expected steps to be an integer ≥ 2, got ${describe(steps)}`)
  if (!(smoothing >= 0 && smoothing < 1))
    throw new RangeError(`findLearningRate: expected smoothing from 0 to below 1, got ${describe(smoothing)}`)
  const stepper = engine.stepper('findLearningRate')
  const groups = engine.optimizer('findLearningRate').paramGroups as Groups | undefined
  if (!groups) throw new TypeError('findLearningRate: expected an optimizer with paramGroups')

  const batches = toBatches(source, batchSize, true)
  const found = { rates: [] as number[], losses: [] as number[], smoothed: [] as number[] }
  let average = 0
  let least = Infinity
  let done = 0
  let diverged = false
  const rateOf = (step: number) => min * (max / min) ** (step / (steps - 1))
  const setRate = () => {
    for (const group of groups) group.lr = rateOf(done)
  }
  const onFigures = ([loss = NaN]: readonly number[], step: number): void => {
    if (diverged) return
    average = smoothing * average + (1 - smoothing) * loss
    const smoothed = average / (1 - smoothing ** step)
    diverged = !Number.isFinite(loss) || smoothed > divergence * least
    if (diverged) return
    least = Math.min(least, smoothed)
    found.rates.push(rateOf(step - 1))
    found.losses.push(loss)
    found.smoothed.push(smoothed)
  }
  const stopped = () => diverged || done >= steps
  const afterStep = async () => {
    if (stepper.due) await stepper.step()
    done++
    setRate()
  }

  const before = copied(snapshot(engine))
  const position = positionOf(batches)
  const tally = engine.tally()
  try {
    stepper.clear()
    setRate()
    const step = engine.trainStep(stepper, tally)
    const pass = new Pass('findLearningRate', step, { signal: engine.signal(options), afterStep, stopped, onFigures })
    do {
      const before = done
      await pass.run(batches)
      if (done === before)
        throw new RangeError(
          `findLearningRate: expected ${steps} batches, or an iterable that begins anew where they end, got ${done}`,
        )
    } while (!stopped())
  } finally {
    stepper.clear()
    tally.reset()
    restore(engine, before)
    if (position) rest(batches, position, undefined)
    for (const tensor of tensorsIn(before)) tensor.dispose()
  }
  return { ...found, suggestion: steepest(found.rates, found.smoothed) }
}

/** The same with tensors of its own. */
function copied<T>(state: T): T {
  const copy = (value: unknown): unknown => {
    if (value instanceof Tensor) return clone(value.detach())
    if (Array.isArray(value)) return value.map(copy)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copy(each)]))
  }
  return scope(() => copy(state) as never)
}

/**
 * Where the losses before their least fall fastest; the rates grow by equal factors. The first tenth, averages of few
 * losses, does not count.
 */
function steepest(rates: readonly number[], losses: readonly number[]): number | undefined {
  const end = losses.indexOf(Math.min(...losses))
  let best: number | undefined
  let slope = 0
  for (let i = Math.max(1, Math.ceil(rates.length / 10)); i <= end; i++) {
    const fall = losses[i]! - losses[i - 1]!
    if (fall >= slope) continue
    slope = fall
    best = rates[i]
  }
  return best
}
