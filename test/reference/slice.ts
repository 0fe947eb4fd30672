import { at, type Dense, make, normalDim, withDim } from './array.js'

/** Bounds as Array.prototype.slice takes them. */
export function slice(x: Dense, dim: number, start: number, end: number, step = 1): Dense {
  const d = normalDim(dim, x.shape.length)
  const kept = [...Array(x.shape[d]).keys()].slice(start, end).filter((_, i) => i % step === 0)
  return make(withDim(x.shape, d, kept.length), (index) => at(x, withDim(index, d, kept[index[d]!]!)))
}
