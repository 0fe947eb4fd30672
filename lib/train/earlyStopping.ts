import { describe } from '../errors.js'
import type { Layer } from '../nn/sequential.js'
import type { StateDict } from '../nn/state.js'
import { clone } from '../ops/convert.js'
import { keep, scope } from '../scope.js'
import type { Callback, Run } from './callback.js'
import { type EpochRecord, figureOf, type Mode, modeOf, type MonitorOptions } from './records.js'

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without improvement after which the run stops; default 3. */
  patience?: number
  /** A change that is no larger is no improvement; default 0. */
  minDelta?: number
  /** Whether the model ends with the weights of its best epoch; default true. */
  restoreBest?: boolean
}

interface State {
  best?: number | undefined
  bestEpoch?: number | undefined
  waited: number
  /** The optimizer's steps up to the best epoch. */
  updates?: number | undefined
  stoppedEpoch?: number | undefined
  weights?: StateDict | undefined
}

/** Stops a run whose figure no longer improves: over-fitting shows as a validation loss that grows again. */
export class EarlyStopping implements Callback {
  /** The figure that is watched. */
  readonly monitor: string
  /** Whether smaller or larger ones are better. */
  readonly mode: Mode
  /** Epochs without improvement after which the run stops. */
  readonly patience: number
  /** A change that is no larger is no improvement. */
  readonly minDelta: number
  /** Whether the model ends with the weights of its best epoch. */
  readonly restoreBest: boolean
  #state: State = { waited: 0 }

  /** @throws {RangeError} when `patience` is no integer ≥ 1 or `minDelta` negative */
  constructor(options: EarlyStoppingOptions = {}) {
    const { monitor = 'validationLoss', mode, patience = 3, minDelta = 0, restoreBest = true } = options
    if (!(Number.isSafeInteger(patience) && patience > 0))
      throw new RangeError(`EarlyStopping: expected patience to be an integer ≥ 1, got ${describe(patience)}`)
    if (!(minDelta >= 0)) throw new RangeError(`EarlyStopping: expected minDelta ≥ 0, got ${describe(minDelta)}`)
    this.monitor = monitor
    this.mode = modeOf(monitor, mode)
    this.patience = patience
    this.minDelta = minDelta
    this.restoreBest = restoreBest
  }

  /** The best figure so far, undefined before the first. */
  get best(): number | undefined {
    return this.#state.best
  }

  /** The epoch of the best figure. */
  get bestEpoch(): number | undefined {
    return this.#state.bestEpoch
  }

  /** The epoch after which it stopped the run, undefined when it did not. */
  get stoppedEpoch(): number | undefined {
    return this.#state.stoppedEpoch
  }

  /** Forgets the run before. */
  onFitStart(): void {
    this.#forget()
    this.#state = { waited: 0 }
  }

  onEpochEnd(record: EpochRecord, run: Run): void {
    const figure = figureOf('EarlyStopping', record, this.monitor)
    const state = this.#state
    if (this.#improves(figure)) {
      state.best = figure
      state.bestEpoch = record.epoch
      state.waited = 0
      state.updates = run.updates
      if (this.restoreBest) this.#remember(run.trainer.model)
    } else if (++state.waited >= this.patience) {
      state.stoppedEpoch = record.epoch
      run.stop()
    }
  }

  onFitEnd(_history: readonly EpochRecord[], run: Run): void {
    const { weights, updates } = this.#state
    if (weights && run.updates !== updates) run.trainer.model.loadStateDict(weights)
    this.#forget()
  }

  onFitFail(): void {
    this.#forget()
  }

  stateDict(): State {
    return { ...this.#state }
  }

  loadStateDict(state: State): void {
    this.#forget()
    this.#state = { ...state, weights: state.weights && copy(state.weights) }
  }

  #improves(figure: number): boolean {
    const { best } = this.#state
    if (Number.isNaN(figure)) return false
    if (best === undefined) return true
    return this.mode === 'min' ? figure < best - this.minDelta : figure > best + this.minDelta
  }

  #remember(model: Layer): void {
    this.#forget()
    this.#state.weights = copy(model.stateDict())
  }

  #forget(): void {
    for (const tensor of Object.values(this.#state.weights ?? {})) tensor.dispose()
    this.#state.weights = undefined
  }
}

const copy = (state: StateDict): StateDict =>
  scope(() => Object.fromEntries(Object.entries(state).map(([name, x]) => [name, keep(clone(x.detach()))])))
