import { at, type Dense, make, normalDim, withDim } from './array.js'

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

export function stack(parts: readonly Dense[], dim: number): Dense {
  const d = normalDim(dim, parts[0]!.shape.length + 1)
  return cat(
    parts.map(({ shape, data }) => ({ shape: shape.toSpliced(d, 0, 1), data })),
    d,
  )
}
