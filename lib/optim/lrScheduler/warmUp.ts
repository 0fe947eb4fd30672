import { checkWhole } from '../../ops/check.js'
import type { AnyOptimizer } from '../optimizer.js'
import { positive, within } from './check.js'
import { LRScheduler } from './scheduler.js'

/** Options of {@link ConstantLR}. */
export interface ConstantLROptions {
  /** Default 1/3. */
  factor?: number
  /** Default 5. */
  totalIters?: number
}

/** Multiplies the learning rate with `factor` for `totalIters` steps. */
export class ConstantLR extends LRScheduler {
  /** What the learning rate is multiplied with. */
  readonly factor: number
  /** For how many steps. */
  readonly totalIters: number

  /** @throws {RangeError} unless 0 < factor <= 1 and totalIters is a whole number from 0 on */
  constructor(optimizer: AnyOptimizer, { factor = 1 / 3, totalIters = 5 }: ConstantLROptions = {}) {
    super(optimizer)
    this.factor = within('ConstantLR', 'factor', positive('ConstantLR', 'factor', factor), 0, 1)
    this.totalIters = checkWhole('ConstantLR', 'totalIters', totalIters, 0)
    this.begin()
  }

  protected lr(now: number): number {
    if (this.lastEpoch === 0) return now * this.factor
    return this.lastEpoch === this.totalIters ? now * (1 / this.factor) : now
  }
}

/** Options of {@link LinearLR}. */
export interface LinearLROptions {
  /** Default 1/3. */
  startFactor?: number
  /** Default 1. */
  endFactor?: number
  /** Default 5. */
  totalIters?: number
}

/**
 * Warm-up: multiplies the learning rate with a factor that goes linearly from `startFactor` to `endFactor` in
 * `totalIters` steps, and stays there.
 */
export class LinearLR extends LRScheduler {
  /** What the learning rate is multiplied with at first. */
  readonly startFactor: number
  /** And at the end. */
  readonly endFactor: number
  /** Steps from the first to the last. */
  readonly totalIters: number

  /** @throws {RangeError} unless 0 < startFactor <= 1, 0 <= endFactor <= 1 and totalIters is a whole number from 1 on */
  constructor(optimizer: AnyOptimizer, { startFactor = 1 / 3, endFactor = 1, totalIters = 5 }: LinearLROptions = {}) {
    super(optimizer)
    this.startFactor = within('LinearLR', 'startFactor', positive('LinearLR', 'startFactor', startFactor), 0, 1)
    this.endFactor = within('LinearLR', 'endFactor', endFactor, 0, 1)
    this.totalIters = checkWhole('LinearLR', 'totalIters', totalIters, 1)
    this.begin()
  }

  protected lr(now: number): number {
    const { startFactor, totalIters, lastEpoch } = this
    if (lastEpoch === 0) return now * startFactor
    if (lastEpoch > totalIters) return now
    const rise = this.endFactor - startFactor
    return now * (1 + rise / (totalIters * startFactor + (lastEpoch - 1) * rise))
  }
}
