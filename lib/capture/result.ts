import { describe } from '../errors.js'
import { Tensor } from '../tensor.js'

/** What a captured step may give: tensors, or arrays and plain objects of them. */
export type Result = Tensor | undefined | readonly Result[] | { readonly [name: string]: Result }

/** The same structure with every tensor replaced. @throws {TypeError} for anything but tensors in it */
export function mapTensors<R>(result: R, replace: (tensor: Tensor) => Tensor): R {
  const walk = (value: unknown): unknown => {
    if (value instanceof Tensor) return replace(value)
    if (value === undefined || value === null) return value
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value) as null))
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, walk(each)]))
    throw new TypeError(
      `capture: expected a step that gives tensors, or arrays and plain objects of them, got ${describe(value)}`,
    )
  }
  return walk(result) as R
}
