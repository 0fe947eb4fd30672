import type { Writable } from 'node:stream'
import type { AutocastOptions } from '../autocast.js'
import type { DeviceLike } from '../device.js'
import type { ScaledOptimizer } from '../optim/gradScaler.js'
import type { Tensor } from '../tensor.js'
import type { Source } from './batches.js'
import type { Callback } from './callback.js'
import type { EpochMetric, Metric } from './metrics.js'
import type { EpochRecord, StepRecord } from './records.js'

/** What a trainer needs of an optimizer; parameter groups only for float16, state only for checkpoints. */
export type TrainerOptimizer = Omit<ScaledOptimizer, 'paramGroups'> &
  Partial<ScaledOptimizer> & {
    /** Frees all gradients. */
    zeroGrad(): void
    /** What it remembers, and its options. */
    stateDict?(): object
    /** Goes on from there. */
    loadStateDict?(state: never): void
  }

/** What a trainer needs of a scheduler of learning rates; state only for checkpoints. */
export interface TrainerScheduler {
  /** Changes the learning rates; `figure` is that of `monitor`. */
  step(figure?: number): void
  /** Where it stands. */
  stateDict?(): object
  /** Goes on from there. */
  loadStateDict?(state: never): void
}

/** When a scheduler steps, and on what. */
export interface Schedule {
  /** One of `optim.lrScheduler`, or of your own. */
  scheduler: TrainerScheduler
  /** After every epoch, the default, or after every step of the optimizer. */
  per?: 'epoch' | 'step'
  /** The figure of the epoch that `scheduler.step` is given: `validationLoss`, say; default: none. */
  monitor?: string
}

/** Limits of the gradients before each step of the optimizer; default: none. */
export interface ClipOptions {
  /** All gradients are scaled so that their norm is at most this: see `optim.clipGradNorm`. */
  clipGradNorm?: number
  /** Every element is clamped to ± this: see `optim.clipGradValue`. */
  clipGradValue?: number
}

/** What a {@link Trainer} trains with, and how. */
export interface TrainerOptions extends ClipOptions {
  /** Changes the model's parameters; without one the trainer only evaluates and predicts. */
  optimizer?: TrainerOptimizer
  /** Changes the optimizer's learning rate, after every epoch unless a `Schedule` says otherwise. */
  scheduler?: TrainerScheduler | Schedule
  /** From output and target to a scalar, the mean over the batch: `new nn.CrossEntropyLoss()`, say. */
  loss: (output: Tensor, target: Tensor) => Tensor
  /** Figures to report besides the loss, under their names: `[accuracy, f1()]`. */
  metrics?: readonly (Metric | EpochMetric)[]
  /** Where the model and all batches go; default: where they are. */
  device?: DeviceLike
  /** Runs models and losses in mixed precision on CUDA; steps in float16 go through a `GradScaler`. Default: off. */
  autocast?: AutocastOptions
  /** Batches per step of the optimizer, which is then that of one large batch; default 1. */
  accumulate?: number
  /**
   * Whether steps are recorded and replayed natively, which saves small networks much of their time: see `capture` for what
   * model and loss must not do then. Not with float16 or `accumulate`. Default false.
   */
  capture?: boolean
  /**
   * Whether training steps run in `autograd.detectAnomaly`, which names the op that made the first NaN or infinity; slow.
   * Default false.
   */
  detectAnomaly?: boolean
  /** Stops every `fit` and `evaluate` after the step that runs. */
  signal?: AbortSignal
  /** Shows progress on standard error, or on the given stream; default false. */
  progress?: boolean | Writable
}

/** Options of `evaluate` and `predict`. */
export interface EvaluateOptions {
  /** For datasets; default 64. */
  batchSize?: number
  /** Stops after the step that runs. */
  signal?: AbortSignal
}

/** Options of `fit`. */
export interface FitOptions extends EvaluateOptions {
  /** How many there are to be, those before a resumed checkpoint too. */
  epochs: number
  /** Evaluated after every epoch. */
  validation?: Source
  /** Whether a loss that is not finite ends the run with an ExecutionError; default true. */
  checkFinite?: boolean
  /** Called after every epoch, and awaited. */
  onEpoch?: (record: EpochRecord) => void | Promise<void>
  /** Called when a step's figures have arrived, some steps after it was enqueued, and awaited. */
  onStep?: (record: StepRecord) => unknown
  /** Followed from the start to the end of the run: `[new EarlyStopping()]`. */
  callbacks?: readonly Callback[]
  /**
   * A checkpoint's path, or true: the newest one of the `Checkpoint` among the callbacks, and a fresh start where there
   * is none. The run goes on bit for bit as if it had never stopped, if it is made as the first one was: the same model,
   * options, datasets and splits, for `randomSplit` after the same `manualSeed`. Within an epoch that also needs a dataset
   * that draws no random numbers while a loader with `prefetch` loads ahead: those drawn for batches ahead are drawn again.
   */
  resume?: string | boolean
  /** Trains and validates on this many batches only, the same in every epoch: a model that learns at all learns these. */
  overfitBatches?: number
  /** One epoch of one batch, or of so many, to see whether all runs; nothing is written to disk. */
  fastDevRun?: boolean | number
}
