import { at, type Dense, indices, make, normalDim, position, withDim } from './array.js'

export function gather(x: Dense, dim: number, index: Dense): Dense {
  const d = normalDim(dim, x.shape.length)
  return make(index.shape, (i) => at(x, withDim(i, d, at(index, i))))
}

/** Each element of src in turn goes to its place in a copy of x: what is there becomes put(there, it). */
export function scatter(
  x: Dense,
  dim: number,
  index: Dense,
  src: Dense | number,
  put = (_: number, value: number) => value,
): Dense {
  const d = normalDim(dim, x.shape.length)
  const y = { shape: x.shape, data: x.data.slice() }
  for (const i of indices(index.shape)) {
    const to = position(x.shape, withDim(i, d, at(index, i)))
    y.data[to] = put(y.data[to]!, typeof src === 'number' ? src : at(src, i))
  }
  return y
}

export const scatterAdd = (x: Dense, dim: number, index: Dense, src: Dense): Dense =>
  scatter(x, dim, index, src, (a, b) => a + b)
