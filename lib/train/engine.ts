import { autocast } from '../autocast.js'
import { noGrad } from '../autograd.js'
import { describe } from '../errors.js'
import { inMode } from '../nn/mode.js'
import type { Layer } from '../nn/sequential.js'
import { GradScaler } from '../optim/gradScaler.js'
import { detectAnomaly } from '../tape/anomaly.js'
import type { Tensor } from '../tensor.js'
import { type Batch, type Batches, toBatches, type Source } from './batches.js'
import type { EvaluateOptions, Schedule, TrainerOptimizer, TrainerOptions } from './options.js'
import { Pass } from './pass.js'
import type { Measures } from './records.js'
import { Stepper } from './stepper.js'
import { checkMetrics, Tally } from './tally.js'

/** What training, evaluating and the search for a learning rate have in common. */
export class Engine {
  readonly scaler: GradScaler | undefined
  readonly schedule: Schedule | undefined

  constructor(
    readonly model: Layer,
    readonly options: TrainerOptions,
  ) {
    const { metrics = [], device, optimizer, scheduler, accumulate = 1 } = options
    checkMetrics(metrics)
    if (!(Number.isSafeInteger(accumulate) && accumulate > 0))
      throw new RangeError(`Trainer: expected accumulate to be an integer ≥ 1, got ${describe(accumulate)}`)
    for (const name of ['clipGradNorm', 'clipGradValue'] as const) {
      const limit = options[name]
      if (limit !== undefined && !(limit >= 0))
        throw new RangeError(`Trainer: expected ${name} to be a number ≥ 0, got ${describe(limit)}`)
    }
    const changes = accumulate > 1 || (options.clipGradNorm ?? options.clipGradValue) !== undefined
    if (changes && optimizer && !optimizer.paramGroups)
      throw new TypeError('Trainer: expected an optimizer with paramGroups to accumulate or clip gradients')
    if (scheduler) this.schedule = 'scheduler' in scheduler ? scheduler : { scheduler }
    if (device) model.to(device)
    const { enabled = true, dtype = 'float16' } = options.autocast ?? { enabled: false }
    if (!enabled || dtype !== 'float16' || !optimizer) return
    if (!optimizer.paramGroups)
      throw new TypeError('Trainer: expected an optimizer with paramGroups to train in float16')
    this.scaler = new GradScaler()
  }

  /** @throws {TypeError} when there is none */
  optimizer(op: string): TrainerOptimizer {
    if (this.options.optimizer) return this.options.optimizer
    throw new TypeError(`${op}: expected a trainer with an optimizer`)
  }

  stepper(op: string): Stepper {
    return new Stepper(this.optimizer(op), this.scaler, this.options.accumulate ?? 1, this.options)
  }

  tally(): Tally {
    return new Tally(this.options.metrics ?? [])
  }

  /** A step in training mode, which is set for each, so that a server may predict with the same model in between. */
  trainStep(stepper: Stepper, tally: Tally): (...batch: Batch) => readonly Tensor[] {
    const step = (...batch: Batch): readonly Tensor[] =>
      inMode(this.model, true, () => {
        const figures = this.#forward(batch, tally)
        stepper.backward(figures[0], batch[0].shape[0] ?? 1)
        return figures
      })
    return this.options.detectAnomaly ? (...batch) => detectAnomaly(() => step(...batch)) : step
  }

  async evaluate(source: Source | Batches, options: EvaluateOptions): Promise<Measures> {
    const batches = toBatches(source, options.batchSize ?? 64, false)
    const tally = this.tally()
    const step = (...batch: Batch): readonly Tensor[] =>
      inMode(this.model, false, () => noGrad(() => this.#forward(batch, tally)))
    try {
      return await tally.results(await new Pass('evaluate', step, { signal: this.signal(options) }).run(batches))
    } finally {
      tally.reset()
    }
  }

  signal(options: EvaluateOptions): AbortSignal {
    return AbortSignal.any([this.options.signal, options.signal].filter((signal) => signal !== undefined))
  }

  /** Loss and metrics of one batch. */
  #forward([input, target]: Batch, tally: Tally): [loss: Tensor, ...metrics: Tensor[]] {
    const { device, loss } = this.options
    const [x, expected] = device ? [input.to(device), target.to(device)] : [input, target]
    return autocast(this.options.autocast ?? { enabled: false }, () => {
      const output = this.model(x)
      return tally.take(loss(output, expected), output, expected)
    })
  }
}
