import { describe } from '../../errors.js'
import type { Dataset } from '../dataset.js'

/** How a dataset is made in another thread: by an exported function of a module, and what that is given. */
export interface Recipe {
  readonly module: string
  /** Of the function. */
  readonly name: string
  /** What structured cloning can copy. */
  readonly options: unknown
}

/** @internal The module that makes the library's own datasets again: remake.ts, beside the bundle. */
export const REMAKE = new URL('./remake.js', import.meta.url).href

/** @internal The method of datasets that can be made again in another thread. */
export const recipe: unique symbol = Symbol('recipe')

/** @throws {TypeError} for a dataset that cannot be made in another thread */
export function recipeOf(dataset: Dataset<unknown, unknown>): Recipe {
  const method = (dataset as { [recipe]?: () => Recipe })[recipe]
  if (method) return method.call(dataset)
  throw new TypeError(
    `DataLoader: expected, with numWorkers, a dataset that can be made in each worker, got ${describe(dataset)}; ` +
      'make it in a module of its own, whose default export returns it, and load it by data.fromModule()',
  )
}

/** @throws {TypeError} when the module has no such function, or that returns no dataset */
export async function follow({ module, name, options }: Recipe): Promise<Dataset<unknown, unknown>> {
  const exports = (await import(module)) as Record<string, unknown>
  const make = exports[name]
  if (typeof make !== 'function')
    throw new TypeError(
      `${module}: expected its export ${name} to be a function that returns a dataset, got ${describe(make)}`,
    )
  const dataset = (await (make as (options: unknown) => unknown)(options)) as Dataset<unknown, unknown>
  if (typeof dataset?.get === 'function' && Number.isSafeInteger(dataset.length)) return dataset
  throw new TypeError(`${module}: expected a dataset from ${name}(), with length and get, got ${describe(dataset)}`)
}
