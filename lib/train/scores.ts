import { describe } from '../errors.js'
import { ConfusionCounter, type Counts } from './confusion.js'
import type { EpochMetric } from './metrics.js'

/** Options of {@link precision}, {@link recall} and {@link f1}. */
export interface ScoreOptions {
  /**
   * `macro`, the default: the mean over the classes that occur; `micro`: over all samples alike, which is the accuracy;
   * `none`: one figure per class, `f1[0]`, `f1[1]` …
   */
  average?: 'macro' | 'micro' | 'none'
}

/** Of one class: samples that are of it and were found, were taken for it by mistake, are of it and were missed. */
interface Hits {
  found: number
  mistaken: number
  missed: number
}

/** Of the samples that the model took for a class, the share that is of it; 0 where it took none. */
export const precision = (options?: ScoreOptions): EpochMetric =>
  score('precision', ({ found, mistaken }) => ratio(found, found + mistaken), options)

/** Of the samples of a class, the share that the model found; 0 where there are none. */
export const recall = (options?: ScoreOptions): EpochMetric =>
  score('recall', ({ found, missed }) => ratio(found, found + missed), options)

/** The harmonic mean of precision and recall. */
export const f1 = (options?: ScoreOptions): EpochMetric =>
  score('f1', ({ found, mistaken, missed }) => ratio(2 * found, 2 * found + mistaken + missed), options)

function score(name: string, figure: (hits: Hits) => number, { average = 'macro' }: ScoreOptions = {}): EpochMetric {
  if (!['macro', 'micro', 'none'].includes(average))
    throw new RangeError(`${name}: expected average 'macro', 'micro' or 'none', got ${describe(average)}`)
  const compute = (counts: Counts): number | Record<string, number> => {
    const classes = counts.map((_, c) => hitsOf(counts, c))
    if (average === 'micro') return figure(classes.reduce(sum, { found: 0, mistaken: 0, missed: 0 }))
    if (average === 'none') return Object.fromEntries(classes.map((hits, c) => [`${name}[${c}]`, figure(hits)]))
    const occurring = classes.filter(({ found, mistaken, missed }) => found + mistaken + missed > 0)
    return ratio(
      occurring.reduce((total, hits) => total + figure(hits), 0),
      occurring.length,
    )
  }
  return { name, start: () => new ConfusionCounter(compute) }
}

function hitsOf(counts: Counts, c: number): Hits {
  const found = counts[c]![c]!
  const answers = counts.reduce((total, row) => total + row[c]!, 0)
  const labels = counts[c]!.reduce((total, count) => total + count, 0)
  return { found, mistaken: answers - found, missed: labels - found }
}

const sum = (a: Hits, b: Hits): Hits => ({
  found: a.found + b.found,
  mistaken: a.mistaken + b.mistaken,
  missed: a.missed + b.missed,
})

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
