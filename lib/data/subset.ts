import { describe } from '../errors.js'
import { type Generator, defaultGenerator } from '../random.js'
import type { Collated } from './collate.js'
import { type Labelled, targetsOf } from './counts.js'
import { checkIndex, type Dataset } from './dataset.js'
import { follow, type Recipe, recipe, recipeOf, REMAKE } from './workers/recipe.js'

/** Some samples of a dataset, in a given order. */
export class Subset<Sample, Batch = Collated<Sample>> implements Dataset<Sample, Batch> {
  /** Of the dataset's samples. */
  readonly indices: Int32Array
  readonly batch?: (indices: Int32Array) => Batch | Promise<Batch>

  /** @throws {RangeError} when the dataset has no sample of an index */
  constructor(
    /** That the samples are of. */
    readonly dataset: Dataset<Sample, Batch>,
    indices: Iterable<number>,
  ) {
    const all = [...indices]
    for (const index of all) checkIndex('Subset', index, dataset.length)
    this.indices = Int32Array.from(all)
    if (dataset.batch) this.batch = (chosen) => dataset.batch!(chosen.map((i) => this.#at(i)))
  }

  /** Samples in the subset. */
  get length(): number {
    return this.indices.length
  }

  /** The sample at a place of the subset. @throws {RangeError} when there is none */
  get(index: number): Sample | Promise<Sample> {
    return this.dataset.get(this.#at(index))
  }

  /** The dataset's, where it has any. */
  get classes(): readonly string[] | undefined {
    return (this.dataset as Partial<Labelled>).classes
  }

  /** The labels of the samples, where the dataset tells them. */
  async targets(): Promise<Int32Array> {
    const targets = await targetsOf(this.dataset)
    return this.indices.map((i) => targets[i]!)
  }

  /** @internal */
  [recipe](): Recipe {
    const options = { of: recipeOf(this.dataset), indices: this.indices }
    return { module: REMAKE, name: remakeSubset.name, options }
  }

  #at(index: number): number {
    checkIndex('Subset', index, this.length)
    return this.indices[index]!
  }
}

/** The samples of several datasets, one dataset after the other. */
export class ConcatDataset<Sample> implements Dataset<Sample> {
  /** In their order. */
  readonly datasets: readonly Dataset<Sample, unknown>[]

  /** @throws {RangeError} when there is no dataset */
  constructor(datasets: Iterable<Dataset<Sample, unknown>>) {
    this.datasets = [...datasets]
    if (!this.datasets.length) throw new RangeError('ConcatDataset: expected at least one dataset, got none')
  }

  /** Samples of all datasets. */
  get length(): number {
    return this.datasets.reduce((sum, { length }) => sum + length, 0)
  }

  /** The sample at a place of the whole. @throws {RangeError} when there is none */
  get(index: number): Sample | Promise<Sample> {
    checkIndex('ConcatDataset', index, this.length)
    let rest = index
    const dataset = this.datasets.find(({ length }) => rest < length || ((rest -= length), false))!
    return dataset.get(rest)
  }

  /** Those of the first dataset, where it has any. */
  get classes(): readonly string[] | undefined {
    return (this.datasets[0] as Partial<Labelled>).classes
  }

  /** The labels of the samples, where the datasets tell them. */
  async targets(): Promise<Int32Array> {
    const parts = await Promise.all(this.datasets.map(targetsOf))
    return Int32Array.from(parts.flatMap((part) => [...part]))
  }

  /** @internal */
  [recipe](): Recipe {
    return { module: REMAKE, name: remakeConcat.name, options: this.datasets.map((part) => recipeOf(part)) }
  }
}

/** @internal In a worker. */
export async function remakeSubset({
  of,
  indices,
}: {
  of: Recipe
  indices: Int32Array
}): Promise<Subset<unknown, unknown>> {
  return new Subset(await follow(of), indices)
}

/** @internal In a worker. */
export async function remakeConcat(parts: Recipe[]): Promise<ConcatDataset<unknown>> {
  return new ConcatDataset(await Promise.all(parts.map(follow)))
}

/**
 * Splits a dataset at random into parts that have no sample in common: `randomSplit(set, [0.9, 0.1])`.
 *
 * @param parts lengths, or fractions of 1; what the fractions leave over by rounding goes to the first parts, one each
 * @throws {RangeError} unless the lengths add up to the dataset's, or the fractions to 1
 */
export function randomSplit<Sample, Batch = Collated<Sample>>(
  dataset: Dataset<Sample, Batch>,
  parts: readonly number[],
  { generator = defaultGenerator }: { generator?: Generator } = {},
): Subset<Sample, Batch>[] {
  const lengths = toLengths(parts, dataset.length)
  const order = generator.permutation(dataset.length)
  let start = 0
  return lengths.map((length) => new Subset(dataset, order.subarray(start, (start += length))))
}

function toLengths(parts: readonly number[], total: number): number[] {
  const sum = parts.reduce((a, b) => a + b, 0)
  if (Math.abs(sum - 1) < 1e-9 && parts.every((part) => part >= 0)) {
    const lengths = parts.map((part) => Math.floor(total * part + 1e-9))
    const left = total - lengths.reduce((a, b) => a + b, 0)
    return lengths.map((length, i) => length + Number(i < left))
  }
  if (sum === total && parts.every((part) => Number.isSafeInteger(part) && part >= 0)) return [...parts]
  throw new RangeError(
    `randomSplit: expected lengths that add up to ${total}, or fractions that add up to 1, got ${describe(parts)}`,
  )
}
