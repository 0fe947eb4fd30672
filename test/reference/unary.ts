import { type Dense, map } from './array.js'

export const exp = (x: Dense): Dense => map(x, Math.exp)
export const log = (x: Dense): Dense => map(x, Math.log)
export const sqrt = (x: Dense): Dense => map(x, Math.sqrt)
export const abs = (x: Dense): Dense => map(x, Math.abs)
export const sign = (x: Dense): Dense => map(x, Math.sign)
export const neg = (x: Dense): Dense => map(x, (v) => -v)
export const square = (x: Dense): Dense => map(x, (v) => v * v)
export const scale = (x: Dense, factor: number): Dense => map(x, (v) => factor * v)
export const clamp = (x: Dense, least: number, greatest: number): Dense =>
  map(x, (v) => Math.min(Math.max(v, least), greatest))
