import { at, type Dense, indices, make, normalDim, position } from './array.js'

type Dims = number | readonly number[] | undefined

/** f of the values of each line over some dimensions, or of all. */
function over(x: Dense, dims: Dims, keepDim: boolean, f: (values: number[]) => number): Dense {
  const along = (dims === undefined ? [...x.shape.keys()] : [dims].flat()).map((d) => normalDim(d, x.shape.length))
  const kept = x.shape.map((n, d) => (along.includes(d) ? 1 : n))
  const lines = Array.from({ length: kept.reduce((a, b) => a * b, 1) }, (): number[] => [])
  for (const index of indices(x.shape))
    lines[
      position(
        kept,
        index.map((i, d) => (along.includes(d) ? 0 : i)),
      )
    ]!.push(at(x, index))
  let line = 0
  const { data } = make(kept, () => f(lines[line++]!))
  return { shape: keepDim ? kept : x.shape.filter((_, d) => !along.includes(d)), data }
}

const total = (values: number[]) => values.reduce((a, b) => a + b, 0)

interface Options {
  correction?: number
  keepDim?: boolean
}

const variance = (x: Dense, dims: Dims, { correction = 1, keepDim = false }: Options): Dense =>
  over(x, dims, keepDim, (values) => {
    const mean = total(values) / values.length
    return total(values.map((v) => (v - mean) ** 2)) / Math.max(0, values.length - correction)
  })
export { variance as var }

export function std(x: Dense, dims: Dims, options: Options): Dense {
  const { shape, data } = variance(x, dims, options)
  return { shape, data: data.map(Math.sqrt) }
}

export const norm = (x: Dense, p: number, dims: Dims, keepDim: boolean): Dense =>
  over(x, dims, keepDim, (values) => {
    const sizes = values.map(Math.abs)
    if (p === Infinity) return Math.max(...sizes)
    if (p === -Infinity) return Math.min(...sizes)
    if (p === 0) return sizes.filter((v) => v !== 0).length
    return total(sizes.map((v) => v ** p)) ** (1 / p)
  })

export const logsumexp = (x: Dense, dims: Dims): Dense =>
  over(x, dims, false, (values) => {
    const top = Math.max(...values)
    return top === -Infinity ? top : top + Math.log(total(values.map((v) => Math.exp(v - top))))
  })
