import type { DType, Tensor } from 'convcore'
import type { Dense } from '../reference/array.js'

/** The error that rounding may make, relative to the magnitude of a result. */
export const toleranceOf = (dtype: DType): number => (dtype === 'float64' ? 1e-12 : 1e-5)

/** How a tensor differs from what is expected by more than `tolerance`, or undefined when it does not. */
export function difference(got: Tensor, want: Dense, tolerance: number): string | undefined {
  if (got.shape.join() !== want.shape.join()) return `shape [${got.shape}] for [${want.shape}]`
  const data = got.dataSync()
  if (data.length !== want.data.length) return `${data.length} elements for ${want.data.length}`
  const finite = want.data.filter(Number.isFinite)
  const limit = tolerance * finite.reduce((top, v) => Math.max(top, Math.abs(v)), 1)
  for (const [i, expected] of want.data.entries()) {
    const value = data[i]!
    if (Object.is(value, expected) || Math.abs(value - expected) <= limit) continue
    return `${value} for ${expected} at ${i}, allowed ${limit}`
  }
  return undefined
}
