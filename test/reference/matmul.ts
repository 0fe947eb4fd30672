import { at, type Dense, make } from './array.js'

/** Swaps the last two dimensions. */
export function transposed(a: Dense): Dense {
  const shape = [...a.shape.slice(0, -2), a.shape.at(-1)!, a.shape.at(-2)!]
  return make(shape, (index) => at(a, [...index.slice(0, -2), index.at(-1)!, index.at(-2)!]))
}

/** [..., M, K] · [..., K, N] → [..., M, N]; leading dimensions broadcast, and a vector is a row or a column. */
export function matmul(a: Dense, b: Dense): Dense {
  if (a.shape.length === 1) {
    const { shape, data } = matmul({ shape: [1, ...a.shape], data: a.data }, b)
    return { shape: b.shape.length === 1 ? [] : shape.toSpliced(-2, 1), data }
  }
  if (b.shape.length === 1) {
    const { shape, data } = matmul(a, { shape: [...b.shape, 1], data: b.data })
    return { shape: shape.slice(0, -1), data }
  }
  const depth = a.shape.at(-1)!
  const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)]
  const rank = Math.max(batchA.length, batchB.length)
  const batch = Array.from({ length: rank }, (_, i) => {
    const [m, n] = [batchA[i - rank + batchA.length] ?? 1, batchB[i - rank + batchB.length] ?? 1]
    return m === 1 ? n : m
  })
  const own = (shape: readonly number[], index: readonly number[]) =>
    shape.map((n, d) => (n === 1 ? 0 : index[d + rank - shape.length]!))
  return make([...batch, a.shape.at(-2)!, b.shape.at(-1)!], (index) => {
    const [m, n] = [index.at(-2)!, index.at(-1)!]
    let sum = 0
    for (let k = 0; k < depth; k++) sum += at(a, [...own(batchA, index), m, k]) * at(b, [...own(batchB, index), k, n])
    return sum
  })
}
