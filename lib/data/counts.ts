import { describe, DTypeError } from '../errors.js'
import type { Dataset } from './dataset.js'

/** A dataset that tells its labels without making its samples. */
export interface Labelled {
  /** Samples. */
  readonly length: number
  /** The names of the classes, by label. */
  readonly classes?: readonly string[] | undefined
  /** The labels of all samples, in order. */
  targets(): Int32Array | Promise<Int32Array>
}

/**
 * How many samples each class has, by name, or by number where classes have none.
 * @throws {TypeError} for a dataset that does not tell its labels
 */
export async function classCounts(dataset: Labelled | Dataset<unknown, unknown>): Promise<Map<string, number>> {
  const { classes } = dataset as Labelled
  const counts = new Map((classes ?? []).map((name) => [name, 0]))
  const numbers: number[] = []
  for (const label of await targetsOf(dataset)) numbers[label] = (numbers[label] ?? 0) + 1
  for (const [label, count = 0] of numbers.entries()) counts.set(classes?.[label] ?? String(label), count)
  return counts
}

/** The labels of all samples. */
export async function targetsOf(dataset: Labelled | Dataset<unknown, unknown>): Promise<Int32Array> {
  if (typeof (dataset as Labelled | undefined)?.targets === 'function') return (dataset as Labelled).targets()
  throw new DTypeError(
    `classCounts: expected a dataset with targets(), which tells its labels, got ${describe(dataset)}`,
  )
}

/**
 * Warns, by `process.emitWarning`, when the largest class has more than `ratio` times as many samples as the smallest.
 *
 * @param counts as of `classCounts`
 * @returns the warning; undefined when the classes are balanced
 */
export function warnImbalance(counts: ReadonlyMap<string, number>, { ratio = 1.5 } = {}): string | undefined {
  if (!(ratio >= 1)) throw new RangeError(`warnImbalance: expected a ratio ≥ 1, got ${describe(ratio)}`)
  const sorted = [...counts].sort(([, a], [, b]) => a - b)
  const [least, most] = [sorted[0], sorted.at(-1)]
  if (!least || !most || most[1] <= ratio * least[1]) return undefined
  const warning =
    `the classes are out of balance: ${most[0]} has ${most[1]} samples, ${least[0]} has ${least[1]}; ` +
    'a WeightedRandomSampler draws them equally often'
  process.emitWarning(warning, { code: 'CONVCORE_IMBALANCE' })
  return warning
}
