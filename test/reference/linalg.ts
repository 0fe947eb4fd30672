import { at, type Dense, make, map } from './array.js'
import { matmul, transposed } from './matmul.js'

/** q and r with r's diagonal not positive, as Householder reflections give for positive heads; by Gram and Schmidt, twice. */
export function qr(a: Dense): { q: Dense; r: Dense } {
  const [m, n] = a.shape as [number, number]
  const q = map(a, (v) => v)
  const r = make([n, n], () => 0)
  const dot = (i: number, j: number) => {
    let sum = 0
    for (let row = 0; row < m; row++) sum += q.data[row * n + i]! * q.data[row * n + j]!
    return sum
  }
  for (let j = 0; j < n; j++) {
    for (let pass = 0; pass < 2; pass++)
      for (let i = 0; i < j; i++) {
        const s = dot(i, j)
        r.data[i * n + j]! += s
        for (let row = 0; row < m; row++) q.data[row * n + j]! -= s * q.data[row * n + i]!
      }
    const norm = Math.sqrt(dot(j, j))
    r.data[j * n + j] = norm
    for (let row = 0; row < m; row++) q.data[row * n + j]! /= norm
  }
  return { q, r }
}

/** The solution of the normal equations, by Gauss with pivots. */
export function lstsq(a: Dense, b: Dense): Dense {
  const columns = b.shape.length === 1 ? { shape: [b.shape[0]!, 1], data: b.data } : b
  const n = a.shape[1]!
  const k = columns.shape[1]!
  const square = matmul(transposed(a), a)
  const goal = matmul(transposed(a), columns)
  const rows = Array.from({ length: n }, (_, i) => [
    ...Array.from({ length: n }, (_, j) => at(square, [i, j])),
    ...Array.from({ length: k }, (_, j) => at(goal, [i, j])),
  ])
  for (let i = 0; i < n; i++) {
    const pivot = rows
      .slice(i)
      .reduce((best, row, j) => (Math.abs(row[i]!) > Math.abs(rows[best]![i]!) ? i + j : best), i)
    ;[rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!]
    for (let other = 0; other < n; other++) {
      if (other === i) continue
      const factor = rows[other]![i]! / rows[i]![i]!
      rows[other] = rows[other]!.map((v, j) => v - factor * rows[i]![j]!)
    }
  }
  const x = make([n, k], ([i, j]) => rows[i!]![n + j!]! / rows[i!]![i!]!)
  return b.shape.length === 1 ? { shape: [n], data: x.data } : x
}
