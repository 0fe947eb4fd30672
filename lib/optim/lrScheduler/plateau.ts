import { refuseInStep } from '../../capture/recording.js'
import { describe, FormatError } from '../../errors.js'
import { oneOf } from '../../nn/validate.js'
import { checkWhole } from '../../ops/check.js'
import { differencesText, misfits } from '../differences.js'
import type { AnyOptimizer } from '../optimizer.js'
import { perGroup, within } from './check.js'

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether the figure is to get small or great; default 'min'. */
  mode?: 'min' | 'max'
  /** What the learning rate is multiplied with; default 0.1. */
  factor?: number
  /** How many epochs without improvement are borne; default 10. */
  patience?: number
  /** By how much a figure must be better to count as an improvement; default 1e-4. */
  threshold?: number
  /** Whether that is a share of the best figure or a difference; default 'rel'. */
  thresholdMode?: 'rel' | 'abs'
  /** How many epochs after a reduction are not counted; default 0. */
  cooldown?: number
  /** The lowest learning rate, or one for each group; default 0. */
  minLr?: number | readonly number[]
  /** Smaller reductions are left out; default 1e-8. */
  eps?: number
}

/** Where a {@link ReduceLROnPlateau} stands; JSON. */
export interface ReduceLROnPlateauStateDict {
  /** Steps done. */
  lastEpoch: number
  /** The learning rate of each group now. */
  lastLr: number[]
  /** The best figure so far; null before the first. */
  best: number | null
  /** Steps since the last improvement or reduction. */
  numBadEpochs: number
  /** Steps that are not counted yet. */
  cooldownCounter: number
}

const OWNER = 'ReduceLROnPlateau'

/**
 * Multiplies the learning rate with `factor` when a figure, the validation loss say, has not improved for more than
 * `patience` epochs.
 *
 * ```ts
 * const { loss } = await trainer.evaluate(validationSet)
 * scheduler.step(loss)
 * ```
 */
export class ReduceLROnPlateau {
  readonly #options: Required<Omit<ReduceLROnPlateauOptions, 'minLr'>>
  readonly #minLrs: number[]
  #state: ReduceLROnPlateauStateDict

  /** @throws {RangeError} when an option is out of range; {TypeError} unless `optimizer` is one */
  constructor(
    /** Whose learning rates it changes. */
    readonly optimizer: AnyOptimizer,
    { minLr = 0, ...options }: ReduceLROnPlateauOptions = {},
  ) {
    if (!Array.isArray((optimizer as Partial<AnyOptimizer> | undefined)?.paramGroups))
      throw new TypeError(`${OWNER}: expected an optimizer, got ${describe(optimizer)}`)
    this.#options = {
      mode: oneOf(OWNER, 'mode', options.mode ?? 'min', ['min', 'max']),
      factor: within(OWNER, 'factor', options.factor ?? 0.1, 0, 1),
      patience: checkWhole(OWNER, 'patience', options.patience ?? 10, 0),
      threshold: within(OWNER, 'threshold', options.threshold ?? 1e-4, 0, Number.MAX_VALUE),
      thresholdMode: oneOf(OWNER, 'thresholdMode', options.thresholdMode ?? 'rel', ['rel', 'abs']),
      cooldown: checkWhole(OWNER, 'cooldown', options.cooldown ?? 0, 0),
      eps: within(OWNER, 'eps', options.eps ?? 1e-8, 0, Number.MAX_VALUE),
    }
    if (this.#options.factor === 1) throw new RangeError(`${OWNER}: expected factor < 1, got 1`)
    this.#minLrs = perGroup(OWNER, 'minLr', minLr, optimizer.paramGroups.length).map((lr) =>
      within(OWNER, 'minLr', lr, 0, Number.MAX_VALUE),
    )
    this.#state = { lastEpoch: 0, lastLr: this.#read(), best: null, numBadEpochs: 0, cooldownCounter: 0 }
  }

  /** Steps done. */
  get lastEpoch(): number {
    return this.#state.lastEpoch
  }

  /**
   * Takes the figure of an epoch. NaN is no improvement.
   * @throws {TypeError} unless it is a number
   */
  step(metric: number): void {
    refuseInStep(OWNER, 'step of a scheduler', 'take it outside')
    if (typeof metric !== 'number') throw new TypeError(`${OWNER}: expected a number, got ${describe(metric)}`)
    const state = this.#state
    const { patience, cooldown } = this.#options
    state.lastEpoch++
    if (this.#isBetter(metric)) {
      state.best = metric
      state.numBadEpochs = 0
    } else state.numBadEpochs++
    if (state.cooldownCounter > 0) {
      state.cooldownCounter--
      state.numBadEpochs = 0
    }
    if (state.numBadEpochs > patience) {
      this.#reduce()
      state.cooldownCounter = cooldown
      state.numBadEpochs = 0
    }
    state.lastLr = this.#read()
  }

  /** The learning rates after the last step, of each group. */
  getLastLr(): number[] {
    return [...this.#state.lastLr]
  }

  /** Where the scheduler stands, as JSON; what it was made with is not in it. */
  stateDict(): ReduceLROnPlateauStateDict {
    return { ...this.#state, lastLr: this.getLastLr() }
  }

  /**
   * Goes on where another scheduler, made alike, stood. The learning rates themselves are the optimizer's to load.
   * @throws {FormatError} naming all that does not fit; nothing has changed then
   */
  loadStateDict(state: ReduceLROnPlateauStateDict): void {
    const problems = misfits({ ...this.#state }, state, ['best'])
    if (problems.length) throw new FormatError(differencesText(OWNER, problems))
    this.#state = { ...state, lastLr: [...state.lastLr] }
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options
    const { best } = this.#state
    const sign = mode === 'min' ? 1 : -1
    if (best === null) return sign * metric < Infinity
    const limit = thresholdMode === 'rel' ? best * (1 - sign * threshold) : best - sign * threshold
    return sign * metric < sign * limit
  }

  #reduce(): void {
    const { factor, eps } = this.#options
    for (const [i, group] of this.optimizer.paramGroups.entries()) {
      const lr = Math.max(group.lr * factor, this.#minLrs[i] ?? 0)
      if (group.lr - lr > eps) group.lr = lr
    }
  }

  #read(): number[] {
    return this.optimizer.paramGroups.map((group) => group.lr)
  }
}
