import { describe } from '../errors.js'
import { memory } from '../memory.js'
import { checkWhole } from '../ops/check.js'
import type { Callback, Run } from '../train/callback.js'
import type { Counts } from '../train/confusion.js'
import { Gallery, type GalleryOptions } from '../train/gallery.js'
import { Pace } from '../train/pace.js'
import { type EpochRecord, figuresOf, type StepRecord, validationName } from '../train/records.js'
import { settingsOf } from '../train/settings.js'
import { Feed } from './feed.js'
import { Pictures } from './pictures.js'
import { Server } from './server.js'
import type { EpochPoint, MemoryPoint, Status } from './shared/messages.js'

export interface DashboardOptions extends GalleryOptions {
  /** Where the page is served; default 0: any that is free. */
  port?: number
  /** Of the page; default `Training`. */
  title?: string
  /** Look at samples and feature maps before training and after every so many epochs; default 1. */
  everyEpochs?: number
  /** To show besides those that the trainer knows: batch size, seed. */
  hyperparameters?: Readonly<Record<string, unknown>>
}

/**
 * Serves a page that shows a run as it goes on: curves, learning rate, speed, memory and, where they are given, samples with
 * the model's answers, feature maps and the matrix of a `train.confusionMatrix` among the metrics. The page is for browsers
 * on this machine, by an address that nobody can guess, and loads nothing from elsewhere.
 *
 * It can be opened at any time, and does not keep the process alive. From another machine it is reached by a tunnel:
 * `ssh -L 8080:127.0.0.1:<port>`, and the same path at `localhost:8080`.
 *
 * ```ts
 * await using board = await dashboard({ title: 'Digits', samples: testSet, featureMaps: ['conv1'] })
 * console.log(board.url)
 * await trainer.fit(trainSet, { epochs: 5, validation: testSet, callbacks: [board] })
 * ```
 *
 * @throws {RangeError} when a number is out of range, {TypeError} for samples or layers that are none, {Error} EADDRINUSE when
 *   the port is taken
 */
export async function dashboard(options: DashboardOptions = {}): Promise<Dashboard> {
  const { port = 0, title = 'Training', everyEpochs = 1 } = options
  if (checkWhole('dashboard', 'port', port, 0) > 65535)
    throw new RangeError(`dashboard: expected port to be at most 65535, got ${port}`)
  if (typeof title !== 'string') throw new TypeError(`dashboard: expected a title, got ${describe(title)}`)
  checkWhole('dashboard', 'everyEpochs', everyEpochs, 1)
  const gallery = new Gallery('dashboard', options)
  const feed = new Feed()
  feed.clear({ title, status: WAITING })
  return new Dashboard(await Server.listen(feed, port), feed, gallery, options)
}

const WAITING: Status = { state: 'waiting', epoch: 0, epochs: 0, batch: 0 }

const MEMORY_EVERY = 250 // milliseconds

/** See {@link dashboard}; one may show several runs, one after the other. */
export class Dashboard implements Callback {
  readonly #server: Server
  readonly #feed: Feed
  readonly #pictures: Pictures
  readonly #gallery: Gallery
  readonly #options: DashboardOptions
  readonly #pace = new Pace()
  /** Of whole epochs. */
  #secondsPerEpoch: number | undefined
  #epochStarted = 0
  #memory: { time: number; point: MemoryPoint } | undefined

  /** @internal */
  constructor(server: Server, feed: Feed, gallery: Gallery, options: DashboardOptions) {
    this.#server = server
    this.#feed = feed
    this.#gallery = gallery
    this.#pictures = new Pictures(feed, gallery)
    this.#options = options
    this.url = server.url
  }

  /** Of the page, with the token. Who has it sees the run. */
  readonly url: string

  /** Stops serving. What is open in a browser stays there as it is. */
  async close(): Promise<void> {
    this.#gallery.close()
    this.#feed.flush()
    await this.#server.close()
  }

  /** As {@link Dashboard.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async onFitStart(run: Run): Promise<void> {
    const { title = 'Training', hyperparameters } = this.#options
    this.#pace.begin(run)
    this.#epochStarted = performance.now()
    this.#secondsPerEpoch = run.history.at(-1)?.seconds
    this.#feed.clear({
      title,
      status: this.#status(run),
      settings: { ...settingsOf(run), ...hyperparameters },
      model: String(run.trainer.model),
    })
    // Of a run that is resumed, what is known of the epochs before.
    for (const record of run.history)
      this.#feed.addEpoch(pointOf(record, Math.round((run.updates * record.epoch) / run.history.length)))
    await this.#gallery.open(run.trainer)
    await this.#pictures.open()
    await this.#pictures.look(run)
    this.#feed.flush()
  }

  onEpochStart(run: Run): void {
    this.#pace.begin(run)
    this.#epochStarted = performance.now()
    this.#feed.tell({ status: this.#status(run) })
  }

  onUpdate(run: Run): void {
    this.#pace.note(run)
  }

  onStep(record: StepRecord, run: Run): void {
    const moment = this.#pace.take(record, run)
    this.#feed.tell({ status: this.#status(run) })
    if (!moment) return
    const { updates: step, learningRates } = moment
    const { samplesPerSecond } = this.#pace
    const figures = Object.fromEntries(figuresOf([record]).map((name) => [name, record[name]!]))
    this.#feed.addStep({
      step,
      epoch: record.epoch,
      figures,
      learningRates,
      samplesPerSecond,
      memory: this.#memoryOf(run),
    })
  }

  async onEpochEnd(record: EpochRecord, run: Run): Promise<void> {
    this.#secondsPerEpoch = record.seconds
    this.#feed.addEpoch(pointOf(record, run.updates))
    this.#feed.tell({ status: this.#status(run) })
    const { everyEpochs = 1 } = this.#options
    const { metrics = [] } = run.trainer.options
    const counts = metrics.map((metric) => (metric as { latest?: Counts }).latest).find((latest) => latest?.length)
    if (counts) {
      const classes = this.#gallery.classes ?? counts.map((_, i) => String(i))
      this.#feed.tell({ confusion: { epoch: record.epoch, counts, classes } })
    }
    if (record.epoch % everyEpochs === 0 || record.epoch === run.epochs) await this.#pictures.look(run)
  }

  onFitEnd(_history: readonly EpochRecord[], run: Run): void {
    this.#end({ ...this.#status(run), state: 'done', remaining: undefined })
  }

  onFitFail(error: unknown, run: Run): void {
    const reason = error instanceof Error ? error.message : describe(error)
    this.#end({ ...this.#status(run), state: 'failed', reason, remaining: undefined })
  }

  #end(status: Status): void {
    this.#gallery.close()
    this.#feed.tell({ status })
    this.#feed.flush()
  }

  #status({ epoch, epochs, step, steps }: Run): Status {
    return { state: 'training', epoch, epochs, batch: step, batches: steps, remaining: this.#remaining(epoch, epochs, step, steps) } // prettier-ignore
  }

  /** From the last epoch's time or, in the first one, this one's so far, without validation. */
  #remaining(epoch: number, epochs: number, step: number, steps: number | undefined): number | undefined {
    const elapsed = (performance.now() - this.#epochStarted) / 1000
    const share = steps && step ? Math.min(1, step / steps) : undefined
    const seconds = this.#secondsPerEpoch ?? (share && elapsed / share)
    if (seconds === undefined) return undefined
    return Math.max(0, seconds * (epochs - epoch) + (epoch ? Math.max(0, seconds - elapsed) : 0))
  }

  #memoryOf({ trainer }: Run): MemoryPoint {
    const time = performance.now()
    if (!this.#memory || time - this.#memory.time > MEMORY_EVERY) {
      const { live, peak } = memory(trainer.options.device)
      this.#memory = { time, point: { live, peak, resident: process.memoryUsage.rss() } }
    }
    return this.#memory.point
  }
}

function pointOf(record: EpochRecord, step: number): EpochPoint {
  const names = figuresOf([record])
  const training = Object.fromEntries(names.map((name) => [name, record[name]!]))
  const validated = names.map((name) => [name, record[validationName(name)]] as const)
  const validation = Object.fromEntries(validated.filter((entry): entry is [string, number] => entry[1] !== undefined))
  return { step, epoch: record.epoch, seconds: record.seconds, training, validation }
}
