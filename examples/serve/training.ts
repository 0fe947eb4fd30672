// The training that goes on beside the requests, and how it is stopped and continued.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { io, models, nn, optim, train } from 'convcore'
import type { Images } from '../example.js'
import type { Classifier } from './classifier.js'

export interface TrainingOptions {
  epochs: number
  /** Of the checkpoint, and of the weights that answer. */
  folder: string
}

export class Training implements train.Callback {
  state: 'waiting' | 'running' | 'done' | 'stopped' | 'failed' = 'waiting'
  epoch = 0
  /** Of the optimizer, in all. */
  updates = 0
  loss = NaN
  /** Of the last epoch, on the test images. */
  accuracy = NaN
  readonly epochs: number
  readonly #folder: string
  readonly #classifier: Classifier
  readonly #model = models.mnistCnn()
  #stopping = false
  #running: Promise<unknown> = Promise.resolve()

  constructor(classifier: Classifier, { epochs, folder }: TrainingOptions) {
    this.#classifier = classifier
    this.epochs = epochs
    this.#folder = folder
  }

  /** Trains; whatever goes wrong, the server goes on. */
  async run(digits: Images): Promise<void> {
    this.#running = this.#fit(digits)
    try {
      await this.#running
      this.state = this.#stopping ? 'stopped' : 'done'
    } catch (error) {
      this.state = 'failed'
      console.error(`training: ${(error as Error).message}`)
    }
  }

  /** Resolves when the step that runs is done and saved. */
  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.allSettled([this.#running])
  }

  async onUpdate(run: train.Run): Promise<void> {
    this.updates = run.updates
    if (!this.#stopping) return
    await this.#save(run)
    run.stop()
  }

  onStep({ loss }: train.StepRecord, { epoch }: train.Run): void {
    this.epoch = epoch
    this.loss = loss
  }

  async onEpochEnd({ epoch, validationAccuracy }: train.EpochRecord, run: train.Run): Promise<void> {
    this.epoch = epoch
    this.accuracy = validationAccuracy!
    await this.#save(run)
    if (this.#stopping) run.stop()
    const better = run.history.every((earlier) => earlier.validationAccuracy! <= this.accuracy)
    console.log(`epoch ${epoch}: ${(100 * this.accuracy).toFixed(2)} %${better ? ', which answers from now on' : ''}`)
    if (!better) return
    const state = this.#model.stateDict()
    await io.saveSafetensors(join(this.#folder, 'served.safetensors'), state)
    this.#classifier.load(state)
  }

  get #checkpoint(): string {
    return join(this.#folder, 'training.safetensors')
  }

  async #save(run: train.Run): Promise<void> {
    await io.saveCheckpoint(this.#checkpoint, await run.checkpoint())
  }

  #fit(digits: Images): Promise<unknown> {
    if (this.#stopping) return Promise.resolve()
    this.state = 'running'
    const trainer = new train.Trainer(this.#model, {
      optimizer: new optim.Adam(this.#model.parameters()),
      loss: new nn.CrossEntropyLoss(),
      metrics: [train.accuracy],
      capture: true, // a step is one call, so requests find JavaScript free
    })
    return trainer.fit(digits.train, {
      epochs: this.epochs,
      batchSize: 100,
      validation: digits.test,
      callbacks: [this],
      resume: existsSync(this.#checkpoint) ? this.#checkpoint : false,
    })
  }
}
