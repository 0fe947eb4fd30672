import { at, type Dense, make } from './array.js'

/** Swaps the last two dimensions. */
export function transposed(a: Dense): Dense {
  const shape = [...a.shape.slice(0, -2), a.shape.at(-1)!, a.shape.at(-2)!]
  return make(shape, (index) => at(a, [...index.slice(0, -2), index.at(-1)!, index.at(-2)!]))
}

/** [..., M, K] · [..., K, N] → [..., M, N] over equal leading dimensions. */
export function matmul(a: Dense, b: Dense): Dense {
  const depth = a.shape.at(-1)!
  return make([...a.shape.slice(0, -1), b.shape.at(-1)!], (index) => {
    const [batch, m, n] = [index.slice(0, -2), index.at(-2)!, index.at(-1)!]
    let sum = 0
    for (let k = 0; k < depth; k++) sum += at(a, [...batch, m, k]) * at(b, [...batch, k, n])
    return sum
  })
}
