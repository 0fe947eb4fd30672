/** Averages over samples, and other figures, by name. */
export interface Measures {
  /** The mean over samples. */
  loss: number
  [metric: string]: number
}

/** One epoch's figures while training and, prefixed `validation`, after it. */
export interface EpochRecord extends Measures {
  /** From 1. */
  epoch: number
  /** How long the epoch took, with its validation. */
  seconds: number
}

/** One batch's figures. */
export interface StepRecord extends Measures {
  /** From 1. */
  epoch: number
  /** From 1 in every epoch. */
  step: number
}

/** loss → validationLoss */
export const validationName = (figure: string): string => `validation${figure[0]!.toUpperCase()}${figure.slice(1)}`

/** { loss } → { validationLoss } */
export const prefixed = (measures: Measures): Record<string, number> =>
  Object.fromEntries(Object.entries(measures).map(([name, value]) => [validationName(name), value]))

/** The names of all figures, without those of the validation where there is the training's. */
export function figuresOf(records: readonly Measures[]): string[] {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))]
  const taken = new Set(['epoch', 'step', 'seconds', ...names.map(validationName)])
  return names.filter((name) => !taken.has(name))
}

/**
 * A figure of an epoch.
 * @throws {TypeError} when there is none of that name
 */
export function figureOf(who: string, record: EpochRecord, name: string): number {
  const value = record[name]
  if (value !== undefined) return value
  const names = Object.keys(record).filter((each) => each !== 'epoch' && each !== 'seconds')
  throw new TypeError(`${who}: expected one of the figures ${names.join(', ')} to monitor, got ${name}`)
}

/** Whether smaller or larger figures are better. */
export type Mode = 'min' | 'max'

/** Which figure is watched. */
export interface MonitorOptions {
  /** The figure of an epoch's record, default `validationLoss`. */
  monitor?: string
  /** Whether smaller or larger ones are better; default `min`, and `max` for figures named after accuracy, top-k, precision, recall or F1. */
  mode?: Mode
}

/** The direction in which a figure improves, unless it is given. */
export const modeOf = (monitor: string, mode: Mode | undefined): Mode =>
  mode ?? (/accuracy|top\d|precision|recall|f1/i.test(monitor) ? 'max' : 'min')
