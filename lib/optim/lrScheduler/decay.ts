import { describe } from '../../errors.js'
import { checkWhole } from '../../ops/check.js'
import type { AnyOptimizer } from '../optimizer.js'
import { perGroup, positive } from './check.js'
import { LRScheduler } from './scheduler.js'

/** Options of {@link StepLR} and {@link MultiStepLR}. */
export interface GammaOptions {
  /** What the learning rate is multiplied with; default 0.1. */
  gamma?: number
}

/** Multiplies the learning rate with `gamma` every `stepSize` steps. */
export class StepLR extends LRScheduler {
  /** What the learning rate is multiplied with. */
  readonly gamma: number

  /** @throws {RangeError} unless stepSize is a whole number from 1 on and gamma > 0 */
  constructor(
    optimizer: AnyOptimizer,
    /** Steps between two reductions. */
    readonly stepSize: number,
    { gamma = 0.1 }: GammaOptions = {},
  ) {
    super(optimizer)
    checkWhole('StepLR', 'stepSize', stepSize, 1)
    this.gamma = positive('StepLR', 'gamma', gamma)
    this.begin()
  }

  protected lr(now: number): number {
    return this.lastEpoch > 0 && this.lastEpoch % this.stepSize === 0 ? now * this.gamma : now
  }
}

/** Multiplies the learning rate with `gamma` at given steps. */
export class MultiStepLR extends LRScheduler {
  /** The steps at which it is reduced, in order. */
  readonly milestones: readonly number[]
  /** What the learning rate is multiplied with. */
  readonly gamma: number

  /** @throws {RangeError} unless the milestones are whole numbers from 0 on and gamma > 0 */
  constructor(optimizer: AnyOptimizer, milestones: Iterable<number>, { gamma = 0.1 }: GammaOptions = {}) {
    super(optimizer)
    this.milestones = [...milestones]
    for (const milestone of this.milestones) checkWhole('MultiStepLR', 'milestones', milestone, 0)
    this.gamma = positive('MultiStepLR', 'gamma', gamma)
    this.begin()
  }

  protected lr(now: number): number {
    // One that is named twice counts twice.
    return now * this.gamma ** this.milestones.filter((milestone) => milestone === this.lastEpoch).length
  }
}

/** Multiplies the learning rate with `gamma` at every step. */
export class ExponentialLR extends LRScheduler {
  /** @throws {RangeError} unless gamma > 0 */
  constructor(
    optimizer: AnyOptimizer,
    /** What the learning rate is multiplied with at every step. */
    readonly gamma: number,
  ) {
    super(optimizer)
    positive('ExponentialLR', 'gamma', gamma)
    this.begin()
  }

  protected lr(now: number): number {
    return this.lastEpoch > 0 ? now * this.gamma : now
  }
}

/** The factor of a learning rate at a step, from 0. */
export type LRLambda = (step: number) => number

/** Multiplies the learning rate that a group started from with a function of the step, or with one for each group. */
export class LambdaLR extends LRScheduler {
  readonly #lambdas: LRLambda[]

  /** @throws {TypeError} unless functions are given; {RangeError} unless there is one for each group */
  constructor(optimizer: AnyOptimizer, lrLambda: LRLambda | readonly LRLambda[]) {
    super(optimizer)
    this.#lambdas = perGroup('LambdaLR', 'functions', lrLambda, this.baseLrs.length)
    for (const lambda of this.#lambdas)
      if (typeof lambda !== 'function') throw new TypeError(`LambdaLR: expected functions, got ${describe(lambda)}`)
    this.begin()
  }

  protected lr(_now: number, base: number, group: number): number {
    return base * this.#lambdas[group]!(this.lastEpoch)
  }
}
