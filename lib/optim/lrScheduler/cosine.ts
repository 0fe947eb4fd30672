import { checkWhole } from '../../ops/check.js'
import type { AnyOptimizer } from '../optimizer.js'
import { within } from './check.js'
import { LRScheduler } from './scheduler.js'

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions {
  /** The lowest learning rate; default 0. */
  etaMin?: number
}

/**
 * Lowers the learning rate to `etaMin` in `tMax` steps along half a cosine, and raises it again in as many.
 * Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, in PyTorch's
 * recursive form.
 */
export class CosineAnnealingLR extends LRScheduler {
  /** The lowest learning rate. */
  readonly etaMin: number

  /** @throws {RangeError} unless tMax is a whole number from 1 on and etaMin >= 0 */
  constructor(
    optimizer: AnyOptimizer,
    /** Steps from the highest learning rate to the lowest. */
    readonly tMax: number,
    { etaMin = 0 }: CosineAnnealingLROptions = {},
  ) {
    super(optimizer)
    checkWhole('CosineAnnealingLR', 'tMax', tMax, 1)
    this.etaMin = within('CosineAnnealingLR', 'etaMin', etaMin, 0, Number.MAX_VALUE)
    this.begin()
  }

  protected lr(now: number, base: number): number {
    const { tMax, etaMin, lastEpoch } = this
    if (lastEpoch === 0) return now
    // From the lowest point no factor leads on.
    if ((lastEpoch - 1 - tMax) % (2 * tMax) === 0) return now + ((base - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2
    const height = (step: number) => 1 + Math.cos((Math.PI * step) / tMax)
    return (height(lastEpoch) / height(lastEpoch - 1)) * (now - etaMin) + etaMin
  }
}

/** Options of {@link CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions extends CosineAnnealingLROptions {
  /** How many times as long each period is as the one before; default 1. */
  tMult?: number
}

/**
 * Lowers the learning rate to `etaMin` along half a cosine, again and again, first in `t0` steps.
 * Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  /** What the steps of a period are multiplied with for the next. */
  readonly tMult: number
  /** The lowest learning rate. */
  readonly etaMin: number

  /** @throws {RangeError} unless t0 and tMult are whole numbers from 1 on and etaMin >= 0 */
  constructor(
    optimizer: AnyOptimizer,
    /** Steps of the first period. */
    readonly t0: number,
    { tMult = 1, etaMin = 0 }: CosineAnnealingWarmRestartsOptions = {},
  ) {
    super(optimizer)
    checkWhole('CosineAnnealingWarmRestarts', 't0', t0, 1)
    this.tMult = checkWhole('CosineAnnealingWarmRestarts', 'tMult', tMult, 1)
    this.etaMin = within('CosineAnnealingWarmRestarts', 'etaMin', etaMin, 0, Number.MAX_VALUE)
    this.begin()
  }

  protected lr(_now: number, base: number): number {
    let [since, period] = [this.lastEpoch, this.t0]
    if (this.tMult === 1) since %= period
    else
      while (since >= period) {
        since -= period
        period *= this.tMult
      }
    return this.etaMin + ((base - this.etaMin) * (1 + Math.cos((Math.PI * since) / period))) / 2
  }
}
