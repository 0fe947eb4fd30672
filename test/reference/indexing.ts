import { at, type Dense, make, normalDim, withDim } from './array.js'

export function indexSelect(x: Dense, dim: number, index: Dense): Dense {
  const d = normalDim(dim, x.shape.length)
  return make(withDim(x.shape, d, index.data.length), (i) => at(x, withDim(i, d, index.data[i[d]!]!)))
}

export function flip(x: Dense, dims: readonly number[]): Dense {
  const along = dims.map((d) => normalDim(d, x.shape.length))
  return make(x.shape, (index) =>
    at(
      x,
      index.map((i, d) => (along.includes(d) ? x.shape[d]! - 1 - i : i)),
    ),
  )
}

export const embedding = (weight: Dense, index: Dense): Dense =>
  make([...index.shape, weight.shape[1]!], (i) => at(weight, [at(index, i.slice(0, -1)), i.at(-1)!]))

export const oneHot = (index: Dense, classes: number): Dense =>
  make([...index.shape, classes], (i) => Number(at(index, i.slice(0, -1)) === i.at(-1)))
