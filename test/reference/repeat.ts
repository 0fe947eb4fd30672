import { at, type Dense, make } from './array.js'

export const expand = (x: Dense, shape: readonly number[]): Dense =>
  make(shape, (index) =>
    at(
      x,
      x.shape.map((n, d) => (n === 1 ? 0 : index[d + shape.length - x.shape.length]!)),
    ),
  )

export function repeat(x: Dense, repeats: readonly number[]): Dense {
  const extra = repeats.length - x.shape.length
  const shape = repeats.map((times, d) => times * (x.shape[d - extra] ?? 1))
  return make(shape, (index) =>
    at(
      x,
      x.shape.map((n, d) => index[d + extra]! % n),
    ),
  )
}
