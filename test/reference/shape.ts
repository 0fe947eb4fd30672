import { at, type Dense, make, normalDim, withDim } from './array.js'

export const reshape = (x: Dense, shape: readonly number[]): Dense => ({ shape, data: x.data })

export const permute = (x: Dense, dims: readonly number[]): Dense =>
  make(
    dims.map((d) => x.shape[d]!),
    (index) =>
      at(
        x,
        x.shape.map((_, d) => index[dims.indexOf(d)]!),
      ),
  )

/** Bounds as Array.prototype.slice takes them. */
export function slice(x: Dense, dim: number, start: number, end: number): Dense {
  const d = normalDim(dim, x.shape.length)
  const kept = [...Array(x.shape[d]).keys()].slice(start, end)
  return make(withDim(x.shape, d, kept.length), (index) => at(x, withDim(index, d, kept[index[d]!]!)))
}

export function cat(parts: readonly Dense[], dim: number): Dense {
  const d = normalDim(dim, parts[0]!.shape.length)
  const shape = withDim(
    parts[0]!.shape,
    d,
    parts.reduce((sum, part) => sum + part.shape[d]!, 0),
  )
  return make(shape, (index) => {
    let i = index[d]!
    const part = parts.find((p) => i < p.shape[d]! || ((i -= p.shape[d]!), false))!
    return at(part, withDim(index, d, i))
  })
}

export const gatherRows = (x: Dense, rows: Dense): Dense =>
  make([rows.shape[0]!, ...x.shape.slice(1)], ([i, ...rest]) => at(x, [rows.data[i!]!, ...rest]))
