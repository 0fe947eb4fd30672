import { at, type Dense, make } from './array.js'
import { type Pair, pair, sides, type WindowOptions } from './window.js'

export interface AvgPoolOptions extends WindowOptions {
  countIncludePad?: boolean
}

/** Calls visit(y, x) for each cell of the image that the window of output (p, q) covers, row by row. */
function cover(
  x: Dense,
  kernel: Pair,
  options: WindowOptions,
  [p, q]: readonly [number, number],
  visit: (y: number, x: number) => void,
): void {
  const [rows, columns] = sides([x.shape[2]!, x.shape[3]!], kernel, options)
  const [strideH, strideW] = pair(options.stride ?? kernel)
  const [dilationH, dilationW] = pair(options.dilation ?? 1)
  for (let i = 0; i < pair(kernel)[0]; i++)
    for (let j = 0; j < pair(kernel)[1]; j++) {
      const y = p * strideH - rows.before + i * dilationH
      const z = q * strideW - columns.before + j * dilationW
      if (y >= 0 && y < x.shape[2]! && z >= 0 && z < x.shape[3]!) visit(y, z)
    }
}

/** The first largest element of each window; NaN is larger than anything. */
export function maxPool2d(x: Dense, kernel: Pair, given: WindowOptions = {}): { values: Dense; indices: Dense } {
  const options = { ...given, stride: given.stride ?? kernel }
  const [n, c, h, w] = x.shape as [number, number, number, number]
  const [rows, columns] = sides([h, w], kernel, options)
  const indices = make([n, c, rows.out, columns.out], ([image, channel, p, q]) => {
    let best = -1
    const value = (cell: number) => at(x, [image!, channel!, Math.floor(cell / w), cell % w])
    cover(x, kernel, options, [p!, q!], (y, z) => {
      const cell = y * w + z
      if (best < 0 || value(cell) > value(best) || (Number.isNaN(value(cell)) && !Number.isNaN(value(best))))
        best = cell
    })
    return best
  })
  const values = make(indices.shape, (index) => {
    const cell = at(indices, index)
    return at(x, [index[0]!, index[1]!, Math.floor(cell / w), cell % w])
  })
  return { values, indices }
}

/** The mean of each window, over its cells in the image or (countIncludePad) in the padded image. */
export function avgPool2d(x: Dense, kernel: Pair, given: AvgPoolOptions = {}): Dense {
  const options = { ...given, stride: given.stride ?? kernel }
  const [n, c, h, w] = x.shape as [number, number, number, number]
  const [rows, columns] = sides([h, w], kernel, options)
  const [r, s] = pair(kernel)
  const [strideH, strideW] = pair(options.stride)
  return make([n, c, rows.out, columns.out], ([image, channel, p, q]) => {
    let sum = 0
    let count = 0
    cover(x, kernel, options, [p!, q!], (y, z) => {
      sum += at(x, [image!, channel!, y, z])
      count++
    })
    if (options.countIncludePad ?? true) {
      const top = p! * strideH - rows.before
      const left = q! * strideW - columns.before
      count = (Math.min(top + r, h + rows.after) - top) * (Math.min(left + s, w + columns.after) - left)
    }
    return sum / count
  })
}
