import type { Run } from './callback.js'
import { ratesOf } from './learningRateMonitor.js'
import type { StepRecord } from './records.js'

/** What there was at a step of the optimizer. */
export interface Moment {
  /** Steps so far, this one too. */
  readonly updates: number
  /** Those of the step, by group of parameters. */
  readonly learningRates: readonly number[]
}

interface Mark {
  readonly time: number
  readonly samples: number
}

const WINDOW = 2000 // milliseconds

/** Follows a run for those who note its steps, whose figures arrive later. */
export class Pace {
  /** Training's, over the last two seconds; undefined before there are two batches of an epoch. */
  samplesPerSecond: number | undefined
  /** By the number of the batch in its epoch. */
  readonly #moments = new Map<number, Moment>()
  #marks: Mark[] = []
  #learningRates: readonly number[] = []

  /** At the start of a run and of each epoch. */
  begin(run: Run): void {
    this.#learningRates = ratesOf(run.trainer.options.optimizer)
    this.#moments.clear()
    this.#marks = []
  }

  /** After a step of the optimizer. */
  note(run: Run): void {
    this.#moments.set(run.step, { updates: run.updates, learningRates: this.#learningRates })
    this.#learningRates = ratesOf(run.trainer.options.optimizer) // a scheduler may have changed them for the next one
  }

  /** When a batch's figures have arrived: its step; undefined where the batch only added to a gradient. */
  take({ step }: StepRecord, { samples }: Run): Moment | undefined {
    this.#mark({ time: performance.now(), samples })
    const moment = this.#moments.get(step)
    this.#moments.delete(step)
    return moment
  }

  #mark(mark: Mark): void {
    const oldest = this.#marks.findIndex(({ time }) => mark.time - time < WINDOW)
    // One that is older stays, so that slow steps have a speed too.
    this.#marks.splice(0, (oldest < 0 ? this.#marks.length : oldest) - 1)
    this.#marks.push(mark)
    const [first] = this.#marks as [Mark]
    if (first !== mark) this.samplesPerSecond = (1000 * (mark.samples - first.samples)) / (mark.time - first.time)
  }
}
