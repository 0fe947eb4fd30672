import type { Layer } from '../nn/sequential.js'
import type { GradScaler } from '../optim/gradScaler.js'
import type { Tensor } from '../tensor.js'
import type { Batch, Source } from './batches.js'
import { Engine } from './engine.js'
import { type FitEvent, followFit } from './events.js'
import { Fit } from './fit.js'
import { findLearningRate, type LearningRates, type LearningRateOptions } from './learningRate.js'
import type { EvaluateOptions, FitOptions, TrainerOptions } from './options.js'
import { predict } from './predict.js'
import type { EpochRecord, Measures } from './records.js'

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
  readonly #engine: Engine

  /**
   * @throws {TypeError} when metrics have no names, the optimizer lacks what float16 or accumulation need of it, or `capture`
   *   goes with one of these, RangeError when names are taken or `accumulate` is no integer ≥ 1
   */
  constructor(
    /** What is trained, in place. */
    readonly model: Layer,
    options: TrainerOptions,
  ) {
    this.#engine = new Engine(model, options)
  }

  /** What it was made with. */
  get options(): Readonly<TrainerOptions> {
    return this.#engine.options
  }

  /** Of the gradients, when training in float16. */
  get scaler(): GradScaler | undefined {
    return this.#engine.scaler
  }

  /**
   * Trains for some epochs and returns a record of each.
   *
   * Each step runs in training mode; in between the model is in the mode it had. Throws the signal's reason
   * when aborted, an ExecutionError when the loss is not finite, a FormatError when a checkpoint to resume is damaged or of
   * another run.
   */
  async fit(source: Source, options: FitOptions): Promise<EpochRecord[]> {
    return new Fit(this, this.#engine, source, options).run()
  }

  /**
   * `fit` as events, in a loop that may wait: `for await (const event of trainer.events(set, { epochs: 5 }))`. The run
   * goes on when the loop does; leaving the loop aborts it.
   */
  events(source: Source, options: FitOptions): AsyncGenerator<FitEvent, void, undefined> {
    return followFit(this, source, options)
  }

  /** Loss and metrics over all samples, in evaluation mode; the model is afterwards in the mode it had. */
  evaluate(source: Source, options: EvaluateOptions = {}): Promise<Measures> {
    return this.#engine.evaluate(source, options)
  }

  /** The model's outputs in evaluation mode, one after the other: of a tensor, of batches or of a dataset. */
  predict(source: Tensor | Source<Tensor | Batch>, options: EvaluateOptions = {}): Promise<Tensor> {
    const { batchSize = 64 } = options
    const { device, autocast = { enabled: false } } = this.#engine.options
    return predict(this.model, source, { batchSize, signal: this.#engine.signal(options), device, autocast })
  }

  /**
   * Trains some steps while the learning rate grows, to see where the loss falls fastest. Model, optimizer and random
   * numbers are afterwards as before.
   *
   * Source: Smith, "Cyclical learning rates for training neural networks", WACV 2017.
   */
  findLearningRate(source: Source, options: LearningRateOptions = {}): Promise<LearningRates> {
    return findLearningRate(this.#engine, source, options)
  }
}
