import { at, type Dense, make, map, normalDim, withDim } from './array.js'

export const relu = (x: Dense): Dense => map(x, (v) => (v < 0 ? 0 : v))
export const sigmoid = (x: Dense): Dense => map(x, (v) => 1 / (1 + Math.exp(-v)))
export const tanh = (x: Dense): Dense => map(x, Math.tanh)

export function logSoftmax(x: Dense, dim = -1): Dense {
  const d = normalDim(dim, x.shape.length)
  return make(x.shape, (index) => {
    const line = Array.from({ length: x.shape[d]! }, (_, i) => at(x, withDim(index, d, i)))
    const top = Math.max(...line)
    return at(x, index) - top - Math.log(line.reduce((sum, v) => sum + Math.exp(v - top), 0))
  })
}

export const softmax = (x: Dense, dim = -1): Dense => map(logSoftmax(x, dim), Math.exp)
