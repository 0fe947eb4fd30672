import { autocast } from '../autocast.js'
import { noGrad } from '../autograd.js'
import { capture } from '../capture/capture.js'
import { describe } from '../errors.js'
import { inMode } from '../nn/mode.js'
import type { Layer } from '../nn/sequential.js'
import { GradScaler } from '../optim/gradScaler.js'
import type { Synchronous } from '../scope.js'
import { detectAnomaly } from '../tape/anomaly.js'
import type { Tensor } from '../tensor.js'
import { type Batch, type Batches, toBatches, type Source } from './batches.js'
import type { EvaluateOptions, Schedule, TrainerOptimizer, TrainerOptions } from './options.js'
import { Pass } from './pass.js'
import type { Measures } from './records.js'
import { Stepper } from './stepper.js'
import { checkMetrics, checkScalar, Tally } from './tally.js'

/** Forward pass and loss of a batch. */
type Look = (input: Tensor, target: Tensor) => { readonly loss: Tensor; readonly output: Tensor }

/** What training, evaluating and the search for a learning rate have in common. */
export class Engine {
  readonly scaler: GradScaler | undefined
  readonly schedule: Schedule | undefined
  readonly #look: Look
  /** With the gradients, where that is captured. */
  readonly #learn: Look | undefined

  constructor(
    readonly model: Layer,
    readonly options: TrainerOptions,
  ) {
    const { metrics = [], device, optimizer, scheduler, accumulate = 1 } = options
    checkMetrics(metrics)
    if (!(Number.isSafeInteger(accumulate) && accumulate > 0))
      throw new RangeError(`Trainer: expected accumulate to be an integer ≥ 1, got ${describe(accumulate)}`)
    if (options.capture && accumulate > 1)
      throw new TypeError(`Trainer: expected no accumulation with capture, got accumulate ${accumulate}`)
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
    this.#look = (input, target) => this.#cast(() => this.#forward(input, target))
    if (options.capture) {
      const look = this.#look
      this.#learn = capture((input: Tensor, target: Tensor) => {
        const made = look(input, target)
        made.loss.backward()
        return made
      })
      this.#look = capture(look)
    }
    const { enabled = true, dtype = 'float16' } = options.autocast ?? { enabled: false }
    if (!enabled || dtype !== 'float16' || !optimizer) return
    if (!optimizer.paramGroups)
      throw new TypeError('Trainer: expected an optimizer with paramGroups to train in float16')
    this.scaler = new GradScaler()
    if (options.capture) throw new TypeError('Trainer: expected no float16 with capture, as its steps wait for values')
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
        const [input, target] = this.#placed(batch)
        const { loss, output } = (this.#learn ?? this.#look)(input, target)
        const figures = this.#cast(() => tally.take(loss, output, target))
        const samples = input.shape[0] ?? 1
        if (this.#learn) stepper.count(samples)
        else stepper.backward(figures[0], samples)
        return figures
      })
    return this.options.detectAnomaly ? (...batch) => detectAnomaly(() => step(...batch)) : step
  }

  async evaluate(source: Source | Batches, options: EvaluateOptions): Promise<Measures> {
    const batches = toBatches(source, options.batchSize ?? 64, false)
    const tally = this.tally()
    const step = (...batch: Batch): readonly Tensor[] =>
      inMode(this.model, false, () =>
        noGrad(() => {
          const [input, target] = this.#placed(batch)
          const { loss, output } = this.#look(input, target)
          return this.#cast(() => tally.take(loss, output, target))
        }),
      )
    try {
      return await tally.results(await new Pass('evaluate', step, { signal: this.signal(options) }).run(batches))
    } finally {
      tally.reset()
    }
  }

  signal(options: EvaluateOptions): AbortSignal {
    return AbortSignal.any([this.options.signal, options.signal].filter((signal) => signal !== undefined))
  }

  #placed([input, target]: Batch): Batch {
    const { device } = this.options
    return device ? [input.to(device), target.to(device)] : [input, target]
  }

  #cast<T>(fn: () => T): T {
    return autocast(this.options.autocast ?? { enabled: false }, fn as () => Synchronous<T>)
  }

  #forward(input: Tensor, target: Tensor): { loss: Tensor; output: Tensor } {
    const output = this.model(input)
    return { loss: checkScalar('loss', this.options.loss(output, target)), output }
  }
}
