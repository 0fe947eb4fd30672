import { describe } from '../errors.js'
import type { Callback } from './callback.js'
import type { TrainerOptimizer } from './options.js'

/** Notes the learning rate that each epoch begins with: of the first group of parameters. */
export class LearningRateMonitor implements Callback {
  /** By epoch. */
  readonly rates: number[] = []

  /** @throws {TypeError} when the optimizer has no groups of parameters with a learning rate */
  constructor(private readonly optimizer: TrainerOptimizer) {
    if (!ratesOf(optimizer).length)
      throw new TypeError(
        `LearningRateMonitor: expected an optimizer with paramGroups and learning rates, got ${describe(optimizer)}`,
      )
  }

  /** Forgets the run before. */
  onFitStart(): void {
    this.rates.length = 0
  }

  /** Notes the rate. */
  onEpochStart(): void {
    this.rates.push(ratesOf(this.optimizer)[0]!)
  }

  /** The rates so far, for checkpoints. */
  stateDict(): {
    /** By epoch. */
    rates: number[]
  } {
    return { rates: [...this.rates] }
  }

  /** Goes on from there. */
  loadStateDict({ rates }: { rates: readonly number[] }): void {
    this.rates.splice(0, Infinity, ...rates)
  }
}

/** The learning rates of an optimizer's groups of parameters, where it has such. */
export const ratesOf = (optimizer: TrainerOptimizer | undefined): number[] =>
  [...(optimizer?.paramGroups ?? [])].map((group) => (group as { lr?: number }).lr).filter((rate) => rate !== undefined)
