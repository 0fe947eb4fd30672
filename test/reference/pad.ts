import { at, type Dense, make } from './array.js'

export function pad(x: Dense, padding: readonly number[], mode = 'constant', value = 0): Dense {
  const rank = x.shape.length
  const before = (d: number) => padding[2 * (rank - 1 - d)] ?? 0
  const after = (d: number) => padding[2 * (rank - 1 - d) + 1] ?? 0
  const shape = x.shape.map((n, d) => n + before(d) + after(d))
  return make(shape, (index) => {
    const source = index.map((i, d) => {
      const [at, n] = [i - before(d), x.shape[d]!]
      if (mode === 'reflect') return at < 0 ? -at : at >= n ? 2 * (n - 1) - at : at
      if (mode === 'replicate') return Math.min(Math.max(at, 0), n - 1)
      return mode === 'circular' ? (at + n) % n : at
    })
    return source.every((i, d) => i >= 0 && i < x.shape[d]!) ? at(x, source) : value
  })
}
