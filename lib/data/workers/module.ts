import type { Collated } from '../collate.js'
import type { Dataset } from '../dataset.js'
import { follow, type Recipe, recipe } from './recipe.js'

/** A dataset that its module makes here and in each worker. */
class ModuleDataset<Sample, Batch> implements Dataset<Sample, Batch> {
  readonly batch?: (indices: Int32Array) => Batch | Promise<Batch>

  constructor(
    private readonly dataset: Dataset<Sample, Batch>,
    private readonly source: Recipe,
  ) {
    if (dataset.batch) this.batch = (indices) => dataset.batch!(indices)
  }

  get length(): number {
    return this.dataset.length
  }

  get(index: number): Sample | Promise<Sample> {
    return this.dataset.get(index)
  }

  [recipe](): Recipe {
    return this.source
  }
}

/**
 * The dataset that a module makes, here and again in each worker of a `DataLoader`:
 *
 * ```ts
 * const cats = await data.fromModule(new URL('./cats.js', import.meta.url), { size: 224 })
 * for await (const batch of new data.DataLoader(cats, { batchSize: 32, numWorkers: 2 })) …
 * ```
 *
 * @param url of a module whose default export is a function that returns the dataset or a promise of it
 * @param options what the function is given, in each thread a copy of its own (structured cloning)
 * @throws {TypeError} when the module has no such function, or the options cannot be copied
 */
export async function fromModule<Sample, Batch = Collated<Sample>>(
  url: URL | string,
  options?: unknown,
): Promise<Dataset<Sample, Batch>> {
  const source = { module: String(url), name: 'default', options: copy(options) }
  const dataset = (await follow({ ...source, options: copy(options) })) as Dataset<Sample, Batch>
  return new ModuleDataset(dataset, source)
}

function copy(options: unknown): unknown {
  try {
    return structuredClone(options)
  } catch (cause) {
    throw new TypeError(`fromModule: expected options that can be copied, got ${(cause as Error).message}`, { cause })
  }
}
