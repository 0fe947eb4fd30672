import { refuseInStep } from '../../capture/recording.js'
import { describe, FormatError } from '../../errors.js'
import { differencesText, misfits } from '../differences.js'
import type { AnyOptimizer } from '../optimizer.js'

/** Where a scheduler stands; JSON. */
export interface SchedulerStateDict {
  /** Steps done. */
  lastEpoch: number
  /** The learning rate of each group now. */
  lastLr: number[]
  /** What each group starts from. */
  baseLrs?: number[]
  /** Of the schedulers that a scheduler is made of. */
  schedulers?: SchedulerStateDict[]
}

/**
 * Changes the learning rates of an optimizer's groups from step to step: `scheduler.step()` comes after an epoch, or
 * after `optimizer.step()` where steps are counted. As in PyTorch, most rules work on the learning rate that is there,
 * so several schedulers of one optimizer multiply.
 */
export abstract class LRScheduler {
  /** Steps done. */
  lastEpoch = 0
  /** What each group starts from. */
  protected baseLrs: number[]
  #lastLr: number[]

  /** @throws {TypeError} unless `optimizer` is one */
  constructor(
    /** Whose learning rates it changes. */
    readonly optimizer: AnyOptimizer,
  ) {
    if (!Array.isArray((optimizer as Partial<AnyOptimizer> | undefined)?.paramGroups))
      throw new TypeError(`${this.constructor.name}: expected an optimizer, got ${describe(optimizer)}`)
    for (const group of optimizer.paramGroups) group.initialLr ??= group.lr
    this.baseLrs = optimizer.paramGroups.map((group) => group.initialLr!)
    this.#lastLr = this.#read()
  }

  /** The learning rate of a group at step `lastEpoch`, from what it is now and from what it started from. */
  protected abstract lr(now: number, base: number, group: number): number

  /** Sets the learning rates of the next step. */
  step(): void {
    refuseInStep('scheduler.step', 'step of a scheduler', 'take it outside')
    this.lastEpoch++
    this.apply()
  }

  /** The learning rates that were set last, of each group. */
  getLastLr(): number[] {
    return [...this.#lastLr]
  }

  /** Where the scheduler stands; what it was made with is not in it. */
  stateDict(): SchedulerStateDict {
    return { lastEpoch: this.lastEpoch, baseLrs: [...this.baseLrs], lastLr: this.getLastLr() }
  }

  /**
   * Goes on where another scheduler, made alike, stood. The learning rates themselves are the optimizer's to load.
   * @throws {FormatError} naming all that does not fit; nothing has changed then
   */
  loadStateDict(state: SchedulerStateDict): void {
    const problems = this.misfits(state)
    if (problems.length) throw new FormatError(differencesText(this.constructor.name, problems))
    this.take(state)
  }

  /** @internal The step before the first: from the learning rates that are there. */
  begin(): void {
    this.lastEpoch = 0
    this.apply()
  }

  /** @internal Begins from the learning rates that the groups start from. */
  restart(): void {
    for (const group of this.optimizer.paramGroups) group.lr = group.initialLr!
    this.begin()
  }

  /** @internal Why a state is none of this scheduler. */
  misfits(state: SchedulerStateDict): string[] {
    const problems = misfits({ ...this.stateDict() }, state)
    if (!problems.length && !(Number.isSafeInteger(state.lastEpoch) && state.lastEpoch >= 0))
      problems.push(`lastEpoch: expected a whole number from 0 on, got ${state.lastEpoch}`)
    return problems
  }

  /** @internal */
  take({ lastEpoch, baseLrs, lastLr }: SchedulerStateDict): void {
    this.lastEpoch = lastEpoch
    if (baseLrs) this.baseLrs = [...baseLrs]
    this.#lastLr = [...lastLr]
  }

  /** Sets the learning rates of step `lastEpoch`. */
  protected apply(): void {
    const { paramGroups } = this.optimizer
    if (paramGroups.length !== this.baseLrs.length)
      throw new RangeError(
        `${this.constructor.name}: expected as many groups as at its start, ${this.baseLrs.length}, got ${paramGroups.length}`,
      )
    const lrs = paramGroups.map(({ lr }, i) => this.lr(lr, this.baseLrs[i]!, i))
    for (const lr of lrs)
      if (!Number.isFinite(lr))
        throw new RangeError(`${this.constructor.name}: expected a finite learning rate, got ${lr}`)
    for (const [i, group] of paramGroups.entries()) group.lr = lrs[i]!
    this.note()
  }

  /** Notes the learning rates that were set. */
  protected note(): void {
    this.#lastLr = this.#read()
  }

  #read(): number[] {
    return this.optimizer.paramGroups.map((group) => group.lr)
  }
}
