import { defaultGenerator } from '../random.js'
import type { Tensor } from '../tensor.js'
import { type Batches, part, type Source, toBatches } from './batches.js'
import type { FitOptions } from './options.js'
import { type CollectedState, positionOf, rest } from './resume.js'

/** What a run goes through. */
export interface Sources {
  readonly batches: Batches
  readonly validation: Batches | undefined
  /** What the batches were drawn from, when they are the same in every epoch. */
  readonly collected?: CollectedState
  /** Frees what was loaded for the whole run. */
  dispose(): void
}

/**
 * The batches of a run, cut down to those that `overfitBatches` or `fastDevRun` leave.
 * @param earlier what a run that is resumed drew them from
 */
export async function openSources(source: Source, options: FitOptions, earlier?: CollectedState): Promise<Sources> {
  const { batchSize = 64, overfitBatches, fastDevRun = false } = options
  const batches = toBatches(source, batchSize, !overfitBatches)
  const validation = options.validation && toBatches(options.validation, batchSize, false)
  if (overfitBatches) {
    const collected = earlier ?? { loader: positionOf(batches), random: defaultGenerator.state() }
    defaultGenerator.setState(collected.random)
    rest(batches, collected.loader, undefined)
    const some = await collect(part(batches, 0, overfitBatches))
    const owned: readonly Tensor[] = Symbol.asyncIterator in batches ? some.flat() : []
    const dispose = () => owned.forEach((tensor) => tensor.dispose())
    return { batches: some, validation: validation && some, collected, dispose }
  }
  const cut = (all: Batches): Batches => (fastDevRun === false ? all : part(all, 0, Number(fastDevRun)))
  return { batches: cut(batches), validation: validation && cut(validation), dispose: () => undefined }
}

async function collect<T>(batches: Batches<T>): Promise<T[]> {
  const all: T[] = []
  for await (const batch of batches) all.push(batch)
  return all
}
