import type { DType, Tensor } from 'convcore'
import type { Dense } from '../reference/array.js'

/** The error that rounding may make, relative to the magnitude of a result. */
export const toleranceOf = (dtype: DType): number => (dtype === 'float64' ? 1e-12 : 1e-5)

/** How a tensor differs from what is expected by more than `tolerance`, or undefined when it does not. */
export function difference(got: Tensor, want: Dense, tolerance: number): string | undefined {
  if (got.shape.join() !== want.shape.join()) return `shape [${got.shape}] for [${want.shape}]`
  const data = got.dataSync()
  if (data.length !== want.data.length) return `${data.length} elements for ${want.data.length}`
  const limit = tolerance * want.data.reduce((top, v) => (Number.isFinite(v) ? Math.max(top, Math.abs(v)) : top), 1)
  for (let i = 0; i < data.length; i++) {
    const [value, expected] = [data[i]!, want.data[i]!]
    if (Object.is(value, expected) || Math.abs(value - expected) <= limit) continue
    return `${value} for ${expected} at ${i}, allowed ${limit}`
  }
  return undefined
}
