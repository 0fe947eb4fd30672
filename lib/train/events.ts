import type { Source } from './batches.js'
import type { Callback, Run } from './callback.js'
import type { FitOptions } from './options.js'
import type { EpochRecord, StepRecord } from './records.js'
import type { Trainer } from './trainer.js'

/** What `Trainer.events` tells. */
export type FitEvent = FitStartEvent | EpochStartEvent | StepEvent | EpochEndEvent | FitEndEvent

/** Before the first epoch. */
export interface FitStartEvent {
  /** Which event it is. */
  type: 'fitStart'
  /** How many there are to be. */
  epochs: number
  /** Whether the run goes on from a checkpoint. */
  resumed: boolean
}

/** Before an epoch's first batch. */
export interface EpochStartEvent {
  /** Which event it is. */
  type: 'epochStart'
  /** From 1. */
  epoch: number
}

/** When a batch's figures have arrived. */
export interface StepEvent {
  /** Which event it is. */
  type: 'step'
  /** The batch's figures. */
  record: StepRecord
}

/** After an epoch's validation. */
export interface EpochEndEvent {
  /** Which event it is. */
  type: 'epochEnd'
  /** The epoch's figures. */
  record: EpochRecord
}

/** When all epochs are done, or the run was stopped. */
export interface FitEndEvent {
  /** Which event it is. */
  type: 'fitEnd'
  /** The figures of all epochs. */
  history: readonly EpochRecord[]
}

interface Waiting {
  event: FitEvent
  taken: () => void
}

/** Runs `fit`, which waits at each event until the loop has taken it. */
export async function* followFit(
  trainer: Trainer,
  source: Source,
  options: FitOptions,
): AsyncGenerator<FitEvent, void, undefined> {
  const leave = new AbortController()
  const events = new Events()
  const signal = AbortSignal.any([leave.signal, ...(options.signal ? [options.signal] : [])])
  const callbacks = [...(options.callbacks ?? []), events]
  const run = trainer.fit(source, { ...options, callbacks, signal })
  const end = () => events.end()
  const ended = run.then(end, end)
  try {
    for (let waiting; (waiting = await events.next());) {
      yield waiting.event
      waiting.taken()
    }
    await run
  } finally {
    leave.abort()
    events.close()
    await ended
  }
}

/** Hands events over one at a time. */
class Events implements Callback {
  #closed = false
  #ended = false
  #waiting: Waiting | undefined
  #arrived: (() => void) | undefined

  /** The event that waits, the same one until it is taken; undefined when the run has ended. */
  async next(): Promise<Waiting | undefined> {
    // A promise per event: a race against the end of the run would keep every event until then.
    if (!this.#waiting && !this.#ended) await new Promise<void>((resolve) => (this.#arrived = resolve))
    return this.#waiting
  }

  /** No events come any more. */
  end(): void {
    this.#ended = true
    this.#arrived?.()
  }

  /** Nobody takes events any more. */
  close(): void {
    this.#closed = true
    this.#waiting?.taken()
  }

  onFitStart = ({ epochs, resumed }: Run) => this.#send({ type: 'fitStart', epochs, resumed })
  onEpochStart = ({ epoch }: Run) => this.#send({ type: 'epochStart', epoch })
  onStep = (record: StepRecord) => this.#send({ type: 'step', record })
  onEpochEnd = (record: EpochRecord) => this.#send({ type: 'epochEnd', record })
  onFitEnd = (history: readonly EpochRecord[]) => this.#send({ type: 'fitEnd', history })

  async #send(event: FitEvent): Promise<void> {
    if (this.#closed) return
    await new Promise<void>((resolve) => {
      this.#waiting = {
        event,
        taken: () => {
          this.#waiting = undefined
          resolve()
        },
      }
      this.#arrived?.()
    })
  }
}
