import { DataLoader, type LoaderState } from '../data/loader.js'
import { FormatError } from '../errors.js'
import { loadCheckpoint } from '../io/checkpoint.js'
import type { GeneratorState } from '../random.js'
import { type Batches, part } from './batches.js'
import type { Callback } from './callback.js'
import { Checkpoint } from './checkpoint.js'
import type { PassState } from './pass.js'
import type { EpochRecord } from './records.js'
import type { EngineState } from './state.js'

/** An epoch that had begun. */
export interface EpochState {
  pass: PassState
  /** Of the metrics, by name. */
  metrics: Record<string, unknown>
  /** Whether all batches were taken. */
  exhausted: boolean
  seconds: number
}

/** What the batches of `overfitBatches` were drawn from. */
export interface CollectedState {
  loader?: LoaderState | undefined
  random: GeneratorState
}

/** What a checkpoint of `fit` holds. */
export interface FitState extends EngineState {
  /** The next one to begin, or the one that had begun. */
  epoch: number
  within?: EpochState | undefined
  updates: number
  stopped: boolean
  history: EpochRecord[]
  data: {
    training?: LoaderState | undefined
    validation?: LoaderState | undefined
    collected?: CollectedState | undefined
  }
  callbacks: Record<string, unknown>
}

/** The checkpoint that `resume` asks for, undefined for a fresh start. */
export async function resumePath(
  resume: string | boolean,
  callbacks: readonly Callback[],
): Promise<string | undefined> {
  if (!resume || typeof resume === 'string') return resume || undefined
  const checkpoint = callbacks.find((callback) => callback instanceof Checkpoint)
  if (!checkpoint) throw new TypeError('fit: expected a Checkpoint among the callbacks to resume from, got none')
  return checkpoint.latest()
}

/** @throws {FormatError} when the file is no checkpoint of `fit` */
export async function readFitState(path: string): Promise<FitState> {
  const state = await loadCheckpoint<FitState>(path, { device: 'cpu' })
  for (const key of ['model', 'optimizer', 'random', 'epoch', 'updates', 'history', 'data', 'callbacks'])
    if (!Object.hasOwn(state, key))
      throw new FormatError(`${path}: expected a checkpoint of fit, got one without ${key}`)
  return state
}

/**
 * Where a loader stands between epochs, whatever loops over it were left; other batches are counted from the start of the
 * epoch.
 */
export function positionOf(batches: Batches | undefined): LoaderState | undefined {
  if (!(batches instanceof DataLoader)) return undefined
  const { generator, numbers } = batches.stateDict()
  return { position: 0, generator, numbers }
}

/** Puts a loader where it stood, and gives the rest of an epoch that had begun. */
export function rest(batches: Batches, position: LoaderState | undefined, within: EpochState | undefined): Batches {
  if (batches instanceof DataLoader !== (position !== undefined))
    throw new FormatError(`resume: expected batches of ${position ? 'a DataLoader' : 'the kind as before'}, got others`)
  if (batches instanceof DataLoader) batches.loadStateDict(position!)
  if (!within) return batches
  if (within.exhausted) return []
  return batches instanceof DataLoader ? batches : part(batches, within.pass.steps)
}

/** Callbacks by the names of their classes, those of one class numbered. */
export function namedCallbacks(callbacks: readonly Callback[]): [name: string, callback: Callback][] {
  const counts = new Map<string, number>()
  return callbacks.map((callback) => {
    const { name } = callback.constructor
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return [count > 1 ? `${name} ${count}` : name, callback]
  })
}
