import type { Writable } from 'node:stream'
import { autocast, type AutocastOptions } from '../autocast.js'
import { noGrad } from '../autograd.js'
import type { DeviceLike } from '../device.js'
import { describe, ExecutionError } from '../errors.js'
import { inMode } from '../nn/mode.js'
import type { Layer } from '../nn/sequential.js'
import { GradScaler, type ScaledOptimizer } from '../optim/gradScaler.js'
import { showShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { type Batch, type Source, toBatches } from './batches.js'
import type { Metric } from './metrics.js'
import { pass } from './pass.js'
import { predict } from './predict.js'
import { openProgress } from './progress.js'

/** What a trainer needs of an optimizer; parameter groups only for float16. */
export type TrainerOptimizer = Omit<ScaledOptimizer, 'paramGroups'> & Partial<ScaledOptimizer> & { zeroGrad(): void }

export interface TrainerOptions {
  /** Changes the model's parameters; without one the trainer only evaluates and predicts. */
  optimizer?: TrainerOptimizer
  /** From output and target to a scalar, the mean over the batch: `new nn.CrossEntropyLoss()`, say. */
  loss: (output: Tensor, target: Tensor) => Tensor
  /** Figures to report besides the loss, named after the functions: `[accuracy]`. */
  metrics?: readonly Metric[]
  /** Where the model and all batches go; default: where they are. */
  device?: DeviceLike
  /** Runs models and losses in mixed precision on CUDA; steps in float16 go through a `GradScaler`. Default: off. */
  autocast?: AutocastOptions
  /** Stops every `fit` and `evaluate` after the step that runs. */
  signal?: AbortSignal
  /** Shows progress on standard error, or on the given stream; default false. */
  progress?: boolean | Writable
}

export interface EvaluateOptions {
  /** For datasets; default 64. */
  batchSize?: number
  /** Stops after the step that runs. */
  signal?: AbortSignal
}

export interface FitOptions extends EvaluateOptions {
  epochs: number
  /** Evaluated after every epoch. */
  validation?: Source
  /** Whether a loss that is not finite ends the run with an ExecutionError; default true. */
  checkFinite?: boolean
  /** Called after every epoch, and awaited: to save a checkpoint, say. */
  onEpoch?: (record: EpochRecord) => void | Promise<void>
  /** Called when a step's figures have arrived, some steps after it was enqueued. */
  onStep?: (record: StepRecord) => void
}

/** Averages over samples, by name. */
export interface Measures {
  loss: number
  [metric: string]: number
}

/** One epoch's averages while training and, prefixed `validation`, after it. */
export interface EpochRecord extends Measures {
  /** From 1. */
  epoch: number
  seconds: number
}

export interface StepRecord extends Measures {
  /** From 1. */
  epoch: number
  /** From 1 in every epoch. */
  step: number
}

/**
 * Trains, evaluates and runs a model over batches `[input, target]`. Nobody has to dispose anything, and the event loop
 * turns between steps.
 *
 * ```ts
 * const trainer = new Trainer(model, { optimizer, loss: new nn.CrossEntropyLoss(), metrics: [accuracy] })
 * const history = await trainer.fit(trainSet, { epochs: 5, batchSize: 100, validation: testSet })
 * ```
 */
export class Trainer {
  /** Of the gradients, when training in float16. */
  readonly scaler: GradScaler | undefined
  readonly #figures: readonly string[]

  constructor(
    readonly model: Layer,
    private readonly options: TrainerOptions,
  ) {
    const metrics = options.metrics ?? []
    if (!metrics.every((metric) => metric.name)) throw new TypeError('Trainer: expected metrics with names')
    this.#figures = ['loss', ...metrics.map((metric) => metric.name)]
    const taken = new Set(['epoch', 'step', 'seconds', ...this.#figures])
    if (taken.size !== 3 + this.#figures.length)
      throw new RangeError(
        `Trainer: expected metrics with names of their own, got ${this.#figures.slice(1).join(', ')}`,
      )
    if (options.device) model.to(options.device)
    const { enabled = true, dtype = 'float16' } = options.autocast ?? { enabled: false }
    if (!enabled || dtype !== 'float16' || !options.optimizer) return
    if (!options.optimizer.paramGroups)
      throw new TypeError('Trainer: expected an optimizer with paramGroups to train in float16')
    this.scaler = new GradScaler()
  }

  /**
   * Trains for some epochs and returns a record of each.
   *
   * Each step runs in training mode; in between the model is in the mode it had. Throws the signal's reason
   * when aborted, an ExecutionError when the loss is not finite.
   */
  async fit(source: Source, options: FitOptions): Promise<EpochRecord[]> {
    const { epochs, validation, batchSize = 64, checkFinite = true, onEpoch, onStep } = options
    const { optimizer } = this.options
    const { scaler } = this
    if (!optimizer) throw new TypeError('fit: expected a trainer with an optimizer')
    if (!(Number.isSafeInteger(epochs) && epochs >= 0))
      throw new RangeError(`fit: expected epochs to be a non-negative integer, got ${epochs}`)
    const batches = toBatches(source, batchSize, true)
    const signal = this.#signal(options)
    const progress = await openProgress(this.options.progress ?? false, epochs, batches.length)
    const history: EpochRecord[] = []
    // The mode is set for each step, so that a server may predict with the same model in between.
    const step = (...batch: Batch): readonly Tensor[] =>
      inMode(this.model, true, () => {
        const figures = this.#forward(batch)
        if (scaler) scaler.scale(figures[0]).backward()
        else {
          figures[0].backward()
          optimizer.step()
          optimizer.zeroGrad()
        }
        return figures
      })
    const afterStep =
      scaler &&
      (async () => {
        await scaler.step(optimizer as ScaledOptimizer)
        scaler.update()
        optimizer.zeroGrad()
      })
    try {
      optimizer.zeroGrad()
      for (let epoch = 1; epoch <= epochs; epoch++) {
        const started = performance.now()
        progress?.start(epoch)
        const onFigures = (figures: readonly number[], step: number): void => {
          const [loss] = figures as [number]
          if (checkFinite && !Number.isFinite(loss)) throw notFinite(loss, epoch, step)
          progress?.step(step, loss)
          onStep?.({ epoch, step, ...this.#named(figures) })
        }
        const measures = this.#named(await pass('fit', batches, step, { signal, afterStep, onFigures }))
        const validated = validation && prefixed(await this.evaluate(validation, options))
        const record = { epoch, ...measures, ...validated, seconds: (performance.now() - started) / 1000 }
        progress?.end(record)
        history.push(record)
        await onEpoch?.(record)
      }
    } finally {
      progress?.stop()
    }
    return history
  }

  /** Loss and metrics over all samples, in evaluation mode; the model is afterwards in the mode it had. */
  async evaluate(source: Source, options: EvaluateOptions = {}): Promise<Measures> {
    const batches = toBatches(source, options.batchSize ?? 64, false)
    const step = (...batch: Batch): readonly Tensor[] =>
      inMode(this.model, false, () => noGrad(() => this.#forward(batch)))
    return this.#named(await pass('evaluate', batches, step, { signal: this.#signal(options) }))
  }

  /** The model's outputs in evaluation mode, one after the other: of a tensor, of batches or of a dataset. */
  predict(source: Tensor | Source<Tensor | Batch>, options: EvaluateOptions = {}): Promise<Tensor> {
    const { batchSize = 64 } = options
    const { device, autocast = { enabled: false } } = this.options
    return predict(this.model, source, { batchSize, signal: this.#signal(options), device, autocast })
  }

  /** Loss and metrics of one batch. */
  #forward([input, target]: Batch): [loss: Tensor, ...metrics: Tensor[]] {
    const { device, loss, metrics = [] } = this.options
    const [x, expected] = device ? [input.to(device), target.to(device)] : [input, target]
    return autocast(this.options.autocast ?? { enabled: false }, () => {
      const output = this.model(x)
      const measured = noGrad(() => metrics.map((metric) => checkScalar(metric.name, metric(output, expected))))
      return [checkScalar('loss', loss(output, expected)), ...measured]
    })
  }

  #named(figures: readonly number[]): Measures {
    return Object.fromEntries(this.#figures.map((name, i) => [name, figures[i] ?? NaN])) as Measures
  }

  #signal(options: EvaluateOptions): AbortSignal {
    return AbortSignal.any([this.options.signal, options.signal].filter((signal) => signal !== undefined))
  }
}

function checkScalar(name: string, figure: unknown): Tensor {
  if (figure instanceof Tensor && figure.size === 1) return figure
  const got = figure instanceof Tensor ? `one of shape ${showShape(figure.shape)}` : describe(figure)
  throw new TypeError(`Trainer: expected ${name} to give a scalar tensor, got ${got}`)
}

function notFinite(loss: number, epoch: number, step: number): ExecutionError {
  return new ExecutionError(
    `fit: expected a finite loss, got ${loss} in epoch ${epoch}, step ${step}; a smaller learning rate may help ` +
      '(checkFinite: false turns this check off)',
  )
}

/** { loss } → { validationLoss } */
const prefixed = (measures: Measures): Record<string, number> =>
  Object.fromEntries(
    Object.entries(measures).map(([name, value]) => [`validation${name[0]!.toUpperCase()}${name.slice(1)}`, value]),
  )
