import { at, type Dense, make, map, normalDim, withDim } from './array.js'

export function logSoftmax(x: Dense, dim = -1): Dense {
  const d = normalDim(dim, x.shape.length)
  const logSumExp = make(withDim(x.shape, d, 1), (index) => {
    const line = Array.from({ length: x.shape[d]! }, (_, i) => at(x, withDim(index, d, i)))
    const top = Math.max(...line)
    return top + Math.log(line.reduce((sum, v) => sum + Math.exp(v - top), 0))
  })
  return make(x.shape, (index) => at(x, index) - at(logSumExp, withDim(index, d, 0)))
}

export const softmax = (x: Dense, dim = -1): Dense => map(logSoftmax(x, dim), Math.exp)
