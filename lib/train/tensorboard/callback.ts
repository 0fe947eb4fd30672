import { checkWhole } from '../../ops/check.js'
import { Scope } from '../../scope.js'
import { showGrid } from '../../visualize/showGrid.js'
import type { Callback, Run } from '../callback.js'
import { Gallery, type GalleryOptions } from '../gallery.js'
import { Pace } from '../pace.js'
import { type EpochRecord, figuresOf, type StepRecord, validationName } from '../records.js'
import { settingsOf } from '../settings.js'
import { SummaryWriter } from './writer.js'

/** What is written besides curves, and how often. */
export interface TensorBoardOptions extends GalleryOptions {
  /** Note the figures of every so many steps of the optimizer; default 10. */
  everySteps?: number
  /** Show samples and feature maps, and histograms, before training and after every so many epochs; default 1. */
  everyEpochs?: number
  /** Whether to show how weights are spread and, where there are samples, what layers put out; default false. */
  histograms?: boolean
  /** To note besides those that the trainer knows: batch size, seed. */
  hyperparameters?: Readonly<Record<string, unknown>>
}

/**
 * Writes a run for TensorBoard: `tensorboard --logdir <folder>`. Over the optimizer's steps, curves of loss, metrics,
 * learning rate and speed; as texts, hyper-parameters and model. A run that is resumed writes a file of its own, which
 * replaces what earlier ones noted after its checkpoint. Pictures need the package sharp.
 *
 * ```ts
 * await trainer.fit(trainSet, { epochs: 5, callbacks: [new train.TensorBoard('runs/first', { samples: testSet })] })
 * ```
 */
export class TensorBoard implements Callback {
  readonly #everySteps: number
  readonly #everyEpochs: number
  readonly #gallery: Gallery
  readonly #pace = new Pace()
  #writer: SummaryWriter | undefined

  /** @throws {RangeError} when a number is no integer ≥ 1, {TypeError} for samples or layers that are none */
  constructor(
    /** Where the event files lie. */
    readonly folder: string,
    private readonly options: TensorBoardOptions = {},
  ) {
    const { everySteps = 10, everyEpochs = 1 } = options
    this.#everySteps = checkWhole('TensorBoard', 'everySteps', everySteps, 1)
    this.#everyEpochs = checkWhole('TensorBoard', 'everyEpochs', everyEpochs, 1)
    this.#gallery = new Gallery('TensorBoard', options)
  }

  async onFitStart(run: Run): Promise<void> {
    if (run.dry) return
    this.#pace.begin(run)
    await this.#gallery.open(run.trainer)
    const writer = new SummaryWriter(this.folder, { purgeStep: run.resumed ? run.updates + 1 : undefined })
    this.#writer = writer
    const settings = { ...settingsOf(run), ...this.options.hyperparameters }
    writer.addText('hyperparameters', tableOf(settings), run.updates)
    writer.addText('model', String(run.trainer.model).replace(/^/gm, '    '), run.updates)
    if (!run.resumed) await this.#look(writer, run)
  }

  onEpochStart(run: Run): void {
    this.#pace.begin(run)
  }

  onUpdate(run: Run): void {
    this.#pace.note(run)
  }

  onStep(record: StepRecord, run: Run): void {
    const moment = this.#pace.take(record, run)
    const writer = this.#writer
    if (!writer || !moment || moment.updates % this.#everySteps) return
    for (const name of figuresOf([record])) writer.addScalar(`${name}/step`, record[name]!, moment.updates)
    const { learningRates } = moment
    for (const [i, rate] of learningRates.entries())
      writer.addScalar(learningRates.length > 1 ? `learningRate/${i}` : 'learningRate', rate, moment.updates)
    const { samplesPerSecond } = this.#pace
    if (samplesPerSecond !== undefined) writer.addScalar('speed/samplesPerSecond', samplesPerSecond, moment.updates)
  }

  async onEpochEnd(record: EpochRecord, run: Run): Promise<void> {
    const writer = this.#writer
    if (!writer) return
    for (const name of figuresOf([record])) {
      const validation = record[validationName(name)]
      writer.addScalar(`${name}/train`, record[name]!, run.updates)
      if (validation !== undefined) writer.addScalar(`${name}/validation`, validation, run.updates)
    }
    writer.addScalar('epoch', record.epoch, run.updates)
    writer.addScalar('speed/secondsPerEpoch', record.seconds, run.updates)
    if (record.epoch % this.#everyEpochs === 0 || record.epoch === run.epochs) await this.#look(writer, run)
    await writer.flush()
  }

  async onFitEnd(): Promise<void> {
    await this.#close()
  }

  async onFitFail(): Promise<void> {
    await this.#close()
  }

  async #look(writer: SummaryWriter, { trainer, updates }: Run): Promise<void> {
    const gallery = this.#gallery
    if (this.options.histograms) {
      for (const [name, weights] of trainer.model.namedParameters())
        writer.addHistogram(`weights/${name}`, weights, updates)
      using work = new Scope()
      for (const [path, output] of Object.entries(work.run(() => gallery.activations(trainer))))
        writer.addHistogram(`activations/${path}`, output, updates)
    }
    if (gallery.images) {
      const { images, labels, classes } = gallery
      const predictions = (await gallery.answers(trainer))?.map(({ answer }) => answer)
      writer.addImage(
        'samples',
        await showGrid(images, { labels, predictions, classes, count: labels.length }),
        updates,
      )
    }
    for (const [path, maps] of await gallery.maps(trainer)) writer.addImage(`featureMaps/${path}`, maps, updates)
    await writer.flush()
  }

  async #close(): Promise<void> {
    const writer = this.#writer
    this.#writer = undefined
    this.#gallery.close()
    await writer?.close()
  }
}

/** As a table of Markdown. */
function tableOf(settings: Readonly<Record<string, unknown>>): string {
  const show = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value)))
  const rows = Object.entries(settings).map(([name, value]) => [name, show(value)])
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  return [['name', 'value'], ['---', '---'], ...rows].map((row) => `| ${row.map(cell).join(' | ')} |\n`).join('')
}
