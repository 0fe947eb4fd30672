import { checkWhole } from '../../ops/check.js'
import { oneOf } from '../../nn/validate.js'
import type { AnyOptimizer } from '../optimizer.js'
import { perGroup, positive, within } from './check.js'
import { LRScheduler } from './scheduler.js'

/** Options of {@link OneCycleLR}. */
export interface OneCycleLROptions {
  /** Steps of the cycle; or `epochs` and `stepsPerEpoch`. */
  totalSteps?: number
  /** With `stepsPerEpoch`, in place of `totalSteps`. */
  epochs?: number
  /** With `epochs`, in place of `totalSteps`. */
  stepsPerEpoch?: number
  /** Share of the cycle in which the learning rate rises; default 0.3. */
  pctStart?: number
  /** Default 'cos'. */
  annealStrategy?: 'cos' | 'linear'
  /** Whether momentum, or betas[0], falls while the learning rate rises; default true. */
  cycleMomentum?: boolean
  /** The lowest momentum, or one for each group; default 0.85. */
  baseMomentum?: number | readonly number[]
  /** The highest momentum, or one for each group; default 0.95. */
  maxMomentum?: number | readonly number[]
  /** The cycle starts at maxLr / divFactor; default 25. */
  divFactor?: number
  /** It ends at that over finalDivFactor; default 1e4. */
  finalDivFactor?: number
  /** Whether it comes back to its start, as long as it rose, before it goes to its end; default false. */
  threePhase?: boolean
}

type Point = 'start' | 'top' | 'end'

interface Phase {
  /** The step at which it is over; a fraction too. */
  until: number
  from: Point
  to: Point
}

/** What of a group cycles. */
interface Cycled {
  lr: number
  momentum?: number
  betas?: readonly [number, number]
}

/**
 * One rise of the learning rate to `maxLr` and one fall far below its start; momentum goes the other way. A step is one
 * of the optimizer, not an epoch.
 * Source: Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates", 2018.
 */
export class OneCycleLR extends LRScheduler {
  /** Steps of the cycle. */
  readonly totalSteps: number
  readonly #phases: Phase[]
  readonly #maxLrs: number[]
  readonly #momenta: { base: number[]; max: number[] } | undefined
  readonly #finalDivFactor: number
  readonly #annealStrategy: 'cos' | 'linear'

  /**
   * @throws {RangeError} when an option is out of range, there is no number of steps, or a group has no momentum that
   *   could cycle
   */
  constructor(optimizer: AnyOptimizer, maxLr: number | readonly number[], options: OneCycleLROptions = {}) {
    super(optimizer)
    const { pctStart = 0.3, annealStrategy = 'cos', divFactor = 25, finalDivFactor = 1e4, threePhase = false } = options
    this.totalSteps = stepsOf(options)
    this.#annealStrategy = oneOf('OneCycleLR', 'annealStrategy', annealStrategy, ['cos', 'linear'])
    this.#finalDivFactor = positive('OneCycleLR', 'finalDivFactor', finalDivFactor)
    positive('OneCycleLR', 'divFactor', divFactor)
    const { paramGroups } = optimizer
    const count = paramGroups.length
    this.#maxLrs = perGroup('OneCycleLR', 'maxLr', maxLr, count).map((lr) => positive('OneCycleLR', 'maxLr', lr))
    const rise = within('OneCycleLR', 'pctStart', pctStart, 0, 1) * this.totalSteps
    const last = this.totalSteps - 1
    this.#phases = threePhase
      ? [
          { until: rise - 1, from: 'start', to: 'top' },
          { until: 2 * rise - 2, from: 'top', to: 'start' },
          { until: last, from: 'start', to: 'end' },
        ]
      : [
          { until: rise - 1, from: 'start', to: 'top' },
          { until: last, from: 'top', to: 'end' },
        ]
    if (options.cycleMomentum ?? true) this.#momenta = momentaOf(options, paramGroups)
    this.baseLrs = this.#maxLrs.map((lr) => lr / divFactor)
    for (const [i, group] of paramGroups.entries()) group.initialLr = this.baseLrs[i]!
    this.begin()
  }

  /** @throws {RangeError} when the cycle is over */
  override step(): void {
    if (this.lastEpoch >= this.totalSteps)
      throw new RangeError(`OneCycleLR: expected at most ${this.totalSteps} steps, got one more`)
    super.step()
  }

  protected override apply(): void {
    super.apply()
    if (!this.#momenta) return
    const { base, max } = this.#momenta
    for (const [i, group] of (this.optimizer.paramGroups as readonly Cycled[]).entries()) {
      const momentum = this.#at({ start: max[i]!, top: base[i]!, end: max[i]! })
      if (group.betas) group.betas = [momentum, group.betas[1]]
      else group.momentum = momentum
    }
  }

  protected lr(_now: number, base: number, group: number): number {
    return this.#at({ start: base, top: this.#maxLrs[group]!, end: base / this.#finalDivFactor })
  }

  /** The value at step `lastEpoch` of what goes through three points. */
  #at(points: Record<Point, number>): number {
    const found = this.#phases.findIndex(({ until }) => this.lastEpoch <= until)
    const i = found < 0 ? this.#phases.length - 1 : found
    const { until, from, to } = this.#phases[i]!
    const since = this.#phases[i - 1]?.until ?? 0
    const share = (this.lastEpoch - since) / (until - since)
    const [start, end] = [points[from], points[to]]
    if (this.#annealStrategy === 'linear') return (end - start) * share + start
    return end + ((start - end) / 2) * (Math.cos(Math.PI * share) + 1)
  }
}

function stepsOf({ totalSteps, epochs, stepsPerEpoch }: OneCycleLROptions): number {
  if (totalSteps !== undefined) return checkWhole('OneCycleLR', 'totalSteps', totalSteps, 1)
  if (epochs === undefined || stepsPerEpoch === undefined)
    throw new RangeError('OneCycleLR: expected totalSteps, or epochs and stepsPerEpoch, got neither')
  return checkWhole('OneCycleLR', 'epochs', epochs, 1) * checkWhole('OneCycleLR', 'stepsPerEpoch', stepsPerEpoch, 1)
}

function momentaOf(options: OneCycleLROptions, groups: readonly Cycled[]): { base: number[]; max: number[] } {
  for (const group of groups)
    if (!group.betas && group.momentum === undefined)
      throw new RangeError('OneCycleLR: expected an optimizer with momentum or betas, or cycleMomentum: false')
  const check = (name: 'baseMomentum' | 'maxMomentum', preset: number) =>
    perGroup('OneCycleLR', name, options[name] ?? preset, groups.length).map((m) => within('OneCycleLR', name, m, 0, 1))
  return { base: check('baseMomentum', 0.85), max: check('maxMomentum', 0.95) }
}
