import { describe } from '../errors.js'
import { type EpochRecord, figuresOf, validationName } from '../train/records.js'
import type { Picture } from './picture.js'
import { type Panel, plot, type PlotOptions, type Series } from './plot.js'

/** Options of {@link curves}. */
export interface CurvesOptions extends PlotOptions {
  /** Which figures, each with its validation's; default: all of the history. */
  figures?: readonly string[]
  /** The learning rate of each epoch, for a panel of its own: `rates` of a `train.LearningRateMonitor`. */
  learningRates?: readonly number[]
  /** An epoch to mark in each panel: after which over-fitting began, say. */
  mark?: {
    /** From 1. */
    epoch: number
    /** Beside the line. */
    name: string
  }
}

/**
 * The figures of a run over its epochs: a panel for the loss, one for each metric, each with training and validation.
 *
 * @param history what `trainer.fit` gives
 * @throws {TypeError} unless it is an array of records, {RangeError} when it is empty or lacks a figure that is asked for
 */
export function curves(history: readonly EpochRecord[], options: CurvesOptions = {}): Picture {
  if (!Array.isArray(history)) throw new TypeError(`curves: expected the history of a run, got ${describe(history)}`)
  if (!history.length) throw new RangeError('curves: expected at least one epoch, got an empty history')
  const records = history as readonly EpochRecord[]
  const known = figuresOf(records)
  const { figures = known, learningRates, mark, ...layout } = options
  for (const figure of figures)
    if (!known.includes(figure))
      throw new RangeError(`curves: expected figures among ${known.join(', ')}, got ${describe(figure)}`)
  const marks = mark && [{ x: mark.epoch, name: mark.name }]
  const panels = figures.map((figure): Panel => {
    const series = [seriesOf(records, figure, 'training'), seriesOf(records, validationName(figure), 'validation')]
    return { title: spaced(figure), xName: 'epoch', series: series.filter(({ points }) => points.length), marks }
  })
  if (learningRates) {
    const points = learningRates.map((rate, i) => [i + 1, rate] as const)
    panels.push({ title: 'learning rate', xName: 'epoch', series: [{ name: 'rate', points }], marks })
  }
  return plot(panels, layout)
}

const seriesOf = (records: readonly EpochRecord[], figure: string, name: string): Series => ({
  name,
  points: records.flatMap((record) => (record[figure] === undefined ? [] : [[record.epoch, record[figure]] as const])),
})

/** errorRate → error rate */
const spaced = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
