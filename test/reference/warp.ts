import { at, type Dense, make } from './array.js'

/** Each place of y asks the cells of x beside where its matrix leads. */
export function warp(
  x: Dense,
  matrices: readonly number[],
  [p, q]: readonly [number, number],
  bilinear: boolean,
  fill?: (n: number, c: number) => number,
): Dense {
  const [images, channels, h, w] = x.shape as [number, number, number, number]
  return make([images, channels, p, q], ([n, c, i, j]) => {
    const m = matrices.slice(6 * n!, 6 * n! + 6) as [number, number, number, number, number, number]
    const column = m[0] * j! + m[1] * i! + m[2]
    const row = m[3] * j! + m[4] * i! + m[5]
    const outside = fill?.(n!, c!) ?? 0
    const holds = (r: number, s: number) => r >= 0 && r < h && s >= 0 && s < w
    if (!bilinear) {
      const [r, s] = [Math.round(row), Math.round(column)]
      return holds(r, s) ? at(x, [n!, c!, r, s]) : outside
    }
    let [sum, inside] = [0, 0]
    for (const r of [Math.floor(row), Math.floor(row) + 1])
      for (const s of [Math.floor(column), Math.floor(column) + 1]) {
        if (!holds(r, s)) continue
        const weight = (1 - Math.abs(row - r)) * (1 - Math.abs(column - s))
        sum += weight * at(x, [n!, c!, r, s])
        inside += weight
      }
    return fill ? inside * sum + (1 - inside) * outside : sum
  })
}
