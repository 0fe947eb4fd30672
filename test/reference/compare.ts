import type { Dense } from './array.js'
import { broadcast } from './elementwise.js'

export const eq = (a: Dense, b: Dense): Dense => broadcast(a, b, (x, y) => Number(x === y))
export const ne = (a: Dense, b: Dense): Dense => broadcast(a, b, (x, y) => Number(x !== y))
export const lt = (a: Dense, b: Dense): Dense => broadcast(a, b, (x, y) => Number(x < y))
export const le = (a: Dense, b: Dense): Dense => broadcast(a, b, (x, y) => Number(x <= y))
export const gt = (a: Dense, b: Dense): Dense => broadcast(a, b, (x, y) => Number(x > y))
export const ge = (a: Dense, b: Dense): Dense => broadcast(a, b, (x, y) => Number(x >= y))

/** The three broadcast together. */
export function where(condition: Dense, a: Dense, b: Dense): Dense {
  const zero = (x: Dense): Dense => ({ shape: x.shape, data: new Float64Array(x.data.length) })
  const full = broadcast(
    broadcast(zero(condition), zero(a), () => 0),
    zero(b),
    () => 0,
  )
  const [c, u, v] = [condition, a, b].map((x) => broadcast(full, x, (_, value) => value))
  return { shape: full.shape, data: c!.data.map((choice, i) => (choice ? u!.data[i]! : v!.data[i]!)) }
}
