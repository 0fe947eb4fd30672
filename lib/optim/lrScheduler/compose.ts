import { describe } from '../../errors.js'
import { checkWhole } from '../../ops/check.js'
import { isRecord } from '../../io/json.js'
import type { AnyOptimizer } from '../optimizer.js'
import { LRScheduler, type SchedulerStateDict } from './scheduler.js'

/** A scheduler that leaves the learning rates to others. */
abstract class Composed extends LRScheduler {
  constructor(
    optimizer: AnyOptimizer,
    /** Those that it steps. */
    protected readonly schedulers: readonly LRScheduler[],
  ) {
    super(optimizer)
    for (const scheduler of schedulers) {
      if (!(scheduler instanceof LRScheduler))
        throw new TypeError(
          `${this.constructor.name}: expected schedulers whose step() takes nothing, got ${describe(scheduler)}`,
        )
      if (scheduler.optimizer !== optimizer)
        throw new RangeError(
          `${this.constructor.name}: expected schedulers of its optimizer, got a ${scheduler.constructor.name} of another`,
        )
    }
  }

  protected lr(now: number): number {
    return now
  }

  override stateDict(): SchedulerStateDict {
    const { lastEpoch, lastLr } = super.stateDict()
    return { lastEpoch, lastLr, schedulers: this.schedulers.map((scheduler) => scheduler.stateDict()) }
  }

  override misfits(state: SchedulerStateDict): string[] {
    const problems = super.misfits(state)
    if (!isRecord(state) || !Array.isArray(state.schedulers)) return problems
    for (const [i, scheduler] of this.schedulers.entries())
      if (i < state.schedulers.length)
        problems.push(...scheduler.misfits(state.schedulers[i]!).map((problem) => `schedulers.${i}: ${problem}`))
    return problems
  }

  override take(state: SchedulerStateDict): void {
    super.take(state)
    for (const [i, scheduler] of this.schedulers.entries()) scheduler.take(state.schedulers![i]!)
  }
}

/**
 * One scheduler after another: the i-th takes over at step `milestones[i − 1]`, from the learning rate that the groups
 * started from.
 *
 * ```ts
 * new SequentialLR(
 *   optimizer,
 *   [new LinearLR(optimizer, { totalIters: 5 }), new CosineAnnealingLR(optimizer, 95)],
 *   [5],
 * )
 * ```
 */
export class SequentialLR extends Composed {
  readonly #milestones: readonly number[]

  /**
   * @throws {RangeError} unless there are schedulers of this optimizer and one milestone fewer, whole numbers that rise
   * @throws {TypeError} for schedulers that want a figure
   */
  constructor(
    optimizer: AnyOptimizer,
    /** One after the other. */ schedulers: readonly LRScheduler[],
    milestones: readonly number[],
  ) {
    super(optimizer, schedulers)
    if (!schedulers.length || milestones.length !== schedulers.length - 1)
      throw new RangeError(
        `SequentialLR: expected one milestone fewer than schedulers, got ${milestones.length} for ${schedulers.length}`,
      )
    for (const milestone of milestones) checkWhole('SequentialLR', 'milestones', milestone, 1)
    if (milestones.some((milestone, i) => milestone <= (milestones[i - 1] ?? 0)))
      throw new RangeError(`SequentialLR: expected milestones that rise, got ${milestones.join(', ')}`)
    this.#milestones = [...milestones]
    this.restart()
  }

  override step(): void {
    this.lastEpoch++
    const scheduler = this.#current()
    if (this.#milestones.includes(this.lastEpoch)) scheduler.restart()
    else scheduler.step()
    this.note()
  }

  override begin(): void {
    this.lastEpoch = 0
    this.#current().begin()
    this.note()
  }

  #current(): LRScheduler {
    return this.schedulers[this.#milestones.filter((milestone) => milestone <= this.lastEpoch).length]!
  }
}

/** Several schedulers at once, whose factors multiply: each works on the learning rate that the one before has set. */
export class ChainedScheduler extends Composed {
  /** @throws {RangeError} unless there are schedulers, of one optimizer; {TypeError} for schedulers that want a figure */
  constructor(
    /** In the order in which they step. */
    schedulers: readonly LRScheduler[],
  ) {
    if (!schedulers.length) throw new RangeError('ChainedScheduler: expected at least one scheduler, got none')
    super(schedulers[0]!.optimizer, schedulers)
  }

  override step(): void {
    this.lastEpoch++
    for (const scheduler of this.schedulers) scheduler.step()
    this.note()
  }

  override begin(): void {
    this.lastEpoch = 0
    for (const scheduler of this.schedulers) scheduler.begin()
    this.note()
  }
}
