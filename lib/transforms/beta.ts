import type { Generator } from '../random.js'

/** A number of the beta distribution of two equal parameters, from 0 to 1. */
export function beta(alpha: number, generator: Generator): number {
  if (alpha === 1) return generator.random()
  const [a, b] = [logGamma(alpha, generator), logGamma(alpha, generator)]
  // By logarithms, since both may be too small for numbers where alpha is.
  return 1 / (1 + Math.exp(b - a))
}

/**
 * The logarithm of a number of the gamma distribution: Marsaglia, Tsang: "A simple method for generating gamma variables",
 * 2000.
 */
function logGamma(shape: number, generator: Generator): number {
  // Below 1, by one of shape + 1 times a power of a uniform number.
  if (shape < 1) return logGamma(shape + 1, generator) + Math.log(1 - generator.random()) / shape
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(generator)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - generator.random()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v)
  }
}

/** Box, Muller: "A note on the generation of random normal deviates", 1958. */
const normal = (generator: Generator): number =>
  Math.sqrt(-2 * Math.log(1 - generator.random())) * Math.cos(2 * Math.PI * generator.random())
