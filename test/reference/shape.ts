import { at, type Dense, make } from './array.js'

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
