import { at, type Dense, indices, make, map, normalDim, withDim } from './array.js'

type Dims = number | readonly number[] | undefined

const resolve = (dims: Dims, rank: number): number[] =>
  (dims === undefined ? [...Array(rank).keys()] : [dims].flat()).map((d) => normalDim(d, rank))

/** Sum over some dimensions, or all of them. */
export function sum(x: Dense, dims?: Dims, keepDim = false): Dense {
  const over = resolve(dims, x.shape.length)
  const kept = make(
    x.shape.map((n, d) => (over.includes(d) ? 1 : n)),
    () => 0,
  )
  const strides = kept.shape.map((_, d) => kept.shape.slice(d + 1).reduce((a, b) => a * b, 1))
  for (const index of indices(x.shape)) {
    const target = index.reduce((sum, i, d) => sum + (over.includes(d) ? 0 : i * strides[d]!), 0)
    kept.data[target]! += at(x, index)
  }
  return keepDim ? kept : { shape: x.shape.filter((_, d) => !over.includes(d)), data: kept.data }
}

export function mean(x: Dense, dims?: Dims, keepDim = false): Dense {
  const count = resolve(dims, x.shape.length).reduce((product, d) => product * x.shape[d]!, 1)
  return map(sum(x, dims, keepDim), (v) => v / count)
}

/** The first largest element along a dimension, NaN being larger than anything, and its place. */
export function max(x: Dense, dim: number): { values: Dense; indices: Dense } {
  const d = normalDim(dim, x.shape.length)
  const kept = make(
    x.shape.map((n, i) => (i === d ? 1 : n)),
    (index) => {
      let best = 0
      const value = (i: number) => at(x, withDim(index, d, i))
      for (let i = 1; i < x.shape[d]!; i++)
        if (value(i) > value(best) || (Number.isNaN(value(i)) && !Number.isNaN(value(best)))) best = i
      return best
    },
  )
  const values = make(kept.shape, (index) => at(x, withDim(index, d, at(kept, index))))
  const shape = x.shape.filter((_, i) => i !== d)
  return { values: { shape, data: values.data }, indices: { shape, data: kept.data } }
}

/** As {@link max}, but the smallest. */
export function min(x: Dense, dim: number): { values: Dense; indices: Dense } {
  const { values, indices } = max(
    map(x, (v) => -v),
    dim,
  )
  return { values: map(values, (v) => -v), indices }
}

export function cumsum(x: Dense, dim: number): Dense {
  const d = normalDim(dim, x.shape.length)
  return make(x.shape, (index) => {
    let total = 0
    for (let i = 0; i <= index[d]!; i++) total += at(x, withDim(index, d, i))
    return total
  })
}
