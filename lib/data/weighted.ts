import { describe } from '../errors.js'
import { type Generator, defaultGenerator } from '../random.js'
import { checkCount, type Sampler, type SamplerOptions } from './sampler.js'

/** Options of {@link WeightedRandomSampler}. */
export interface WeightedRandomSamplerOptions extends SamplerOptions {
  /** Draw every sample from all, default true; else each comes once at most. */
  replacement?: boolean
}

/** Draws samples in proportion to their weights: classes that are rare as often as others, say. */
export class WeightedRandomSampler implements Sampler {
  readonly generator: Generator
  /** Whether samples may come twice. */
  readonly replacement: boolean
  readonly length: number
  readonly #weights: Float64Array

  /**
   * @param weights one per sample, not negative; they need not add up to 1
   * @param numSamples samples per epoch
   * @throws {RangeError} for a weight that is negative or not finite, weights that are all 0, or, without replacement,
   *   fewer samples of a weight > 0 than are to be drawn
   */
  constructor(weights: ArrayLike<number>, numSamples: number, options: WeightedRandomSamplerOptions = {}) {
    const { generator = defaultGenerator, replacement = true } = options
    checkCount('WeightedRandomSampler', 'numSamples', numSamples)
    this.#weights = Float64Array.from(weights)
    const bad = this.#weights.findIndex((weight) => !(weight >= 0 && weight < Infinity))
    if (bad >= 0)
      throw new RangeError(
        `WeightedRandomSampler: expected weights ≥ 0, got ${describe(this.#weights[bad])} for sample ${bad}`,
      )
    const drawable = this.#weights.filter((weight) => weight > 0).length
    const needed = replacement ? Math.min(numSamples, 1) : numSamples
    if (drawable < needed)
      throw new RangeError(`WeightedRandomSampler: expected at least ${needed} weights > 0, got ${drawable}`)
    this.generator = generator
    this.replacement = replacement
    this.length = numSamples
  }

  /** The indices of one epoch, drawn as it begins. */
  [Symbol.iterator](): Iterator<number> {
    return (this.replacement ? this.#withReplacement() : this.#once()).values()
  }

  /** Finds a uniform number among the running sums of the weights. */
  #withReplacement(): Int32Array {
    let sum = 0
    const ends = this.#weights.map((weight) => (sum += weight))
    const last = this.#weights.findLastIndex((weight) => weight > 0)
    return Int32Array.from({ length: this.length }, () => {
      const at = this.generator.random() * sum
      let [low, high] = [0, last]
      while (low < high) {
        const middle = (low + high) >>> 1
        if (ends[middle]! > at) high = middle
        else low = middle + 1
      }
      return low
    })
  }

  /** The least of −ln(u) / weight come first. Source: Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006. */
  #once(): Int32Array {
    const keys = this.#weights.map((weight) => -Math.log(1 - this.generator.random()) / weight)
    const drawable = Int32Array.from(keys.keys()).filter((i) => this.#weights[i]! > 0)
    return drawable.sort((a, b) => keys[a]! - keys[b]!).subarray(0, this.length)
  }
}
