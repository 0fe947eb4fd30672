import { at, type Dense, make } from './array.js'

/** NumPy's rule: shapes align at the last dimension, and a 1 stretches. */
export function broadcast(a: Dense, b: Dense, f: (a: number, b: number) => number): Dense {
  const rank = Math.max(a.shape.length, b.shape.length)
  const padded = (shape: readonly number[]) => [...Array<number>(rank - shape.length).fill(1), ...shape]
  const [m, n] = [padded(a.shape), padded(b.shape)]
  const read = (x: Dense, shape: number[], index: number[]) =>
    at(
      { shape, data: x.data },
      index.map((i, d) => (shape[d] === 1 ? 0 : i)),
    )
  const shape = m.map((size, d) => (size === 1 ? n[d]! : size))
  return make(shape, (index) => f(read(a, m, index), read(b, n, index)))
}

export const scalar = (value: number): Dense => ({ shape: [], data: Float64Array.of(value) })
export const add = (a: Dense, b: Dense): Dense => broadcast(a, b, (x, y) => x + y)
export const sub = (a: Dense, b: Dense): Dense => broadcast(a, b, (x, y) => x - y)
export const mul = (a: Dense, b: Dense): Dense => broadcast(a, b, (x, y) => x * y)
export const div = (a: Dense, b: Dense): Dense => broadcast(a, b, (x, y) => x / y)
export const pow = (a: Dense, b: Dense): Dense => broadcast(a, b, (x, y) => x ** y)
export const maximum = (a: Dense, b: Dense): Dense => broadcast(a, b, (x, y) => Math.max(x, y))
export const minimum = (a: Dense, b: Dense): Dense => broadcast(a, b, (x, y) => Math.min(x, y))
