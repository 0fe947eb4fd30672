import type { EpochRecord, StepRecord } from './records.js'
import type { Trainer } from './trainer.js'

/**
 * Follows a run of `fit`. Whatever a method returns is awaited before the run goes on.
 *
 * With a `stateDict`, it goes into checkpoints, and `loadStateDict` is called, after `onFitStart`, when one is resumed.
 * Random numbers that are drawn in these two do not count in a run that is resumed.
 */
export interface Callback {
  /** Called after the others; default false. For what saves them. */
  readonly last?: boolean
  /** Before the first epoch. */
  onFitStart?(run: Run): void | Promise<void>
  /** Before the epoch's first batch. */
  onEpochStart?(run: Run): void | Promise<void>
  /** After each step of the optimizer, which is enqueued; its figures are not there yet. */
  onUpdate?(run: Run): void | Promise<void>
  /** When the figures of a batch have arrived, up to two batches later. */
  onStep?(record: StepRecord, run: Run): void | Promise<void>
  /** After the epoch's validation. */
  onEpochEnd?(record: EpochRecord, run: Run): void | Promise<void>
  /** When all epochs are done, or the run was stopped. */
  onFitEnd?(history: readonly EpochRecord[], run: Run): void | Promise<void>
  /** Instead of `onFitEnd` when the run fails or is aborted. What it throws itself becomes a warning of the process. */
  onFitFail?(error: unknown, run: Run): void | Promise<void>
  /** Tensors, numbers and so on, as `io.saveCheckpoint` takes. */
  stateDict?(): object
  /** Tensors in the state lie on the CPU and are disposed after the call: it copies those that it keeps. */
  loadStateDict?(state: never): void
}

/** A run of `fit`, as callbacks see it. */
export interface Run {
  /** Whose `fit` it is. */
  readonly trainer: Trainer
  /** How many there are to be. */
  readonly epochs: number
  /** The one that runs or has just ended, from 1. */
  readonly epoch: number
  /** Batches of this epoch so far. */
  readonly step: number
  /** How many batches an epoch has; undefined when that is not known beforehand. */
  readonly steps: number | undefined
  /** Of this epoch, those whose figures have arrived. */
  readonly samples: number
  /** Steps of the optimizer since training began, before it was resumed too. */
  readonly updates: number
  /** The epochs that are done, those before a resumed checkpoint too. */
  readonly history: readonly EpochRecord[]
  /** Whether the run goes on from a checkpoint. */
  readonly resumed: boolean
  /** Whether this is a `fastDevRun`, in which nothing is to be written. */
  readonly dry: boolean
  /** Ends the run after the step or epoch at hand; an epoch that is cut short, with batches left, leaves no record. */
  stop(): void
  /**
   * All that `fit` needs to go on from here, for `io.saveCheckpoint`; tensors in it are those in use.
   * @throws {Error} elsewhere than in `onUpdate` and `onEpochEnd`
   */
  checkpoint(): Promise<object>
}
