import { at, type Dense, make } from './array.js'
import { type Pair, pair, sides, type WindowOptions } from './window.js'

/** x [N, C, H, W] → one row per output position (N, P, Q), one column per channel and tap (C, R, S). */
export function im2col(x: Dense, kernel: Pair, options: WindowOptions = {}): Dense {
  const [n, c, h, w] = x.shape as [number, number, number, number]
  const [r, s] = pair(kernel)
  const [rows, columns] = sides([h, w], kernel, options)
  return make([n * rows.out * columns.out, c * r * s], ([row, column]) => {
    const place = cell(x.shape, [r, s], [rows, columns], options, row!, column!)
    return place ? at(x, place) : 0
  })
}

/** The adjoint of im2col: every cell of x collects the columns that were read from it. */
export function col2im(matrix: Dense, shape: readonly number[], kernel: Pair, options: WindowOptions = {}): Dense {
  const x = make(shape, () => 0)
  const window = sides([shape[2]!, shape[3]!], kernel, options)
  const [height, width] = matrix.shape as [number, number]
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const place = cell(shape, pair(kernel), window, options, row, column)
      if (!place) continue
      const [image, c, y, z] = place as [number, number, number, number]
      x.data[((image * shape[1]! + c) * shape[2]! + y) * shape[3]! + z]! += at(matrix, [row, column])
    }
  return x
}

/** The index of x that im2col's entry (row, column) reads; undefined in the padding. */
function cell(
  [, , h, w]: readonly number[],
  [r, s]: readonly [number, number],
  [rows, columns]: ReturnType<typeof sides>,
  { stride = 1, dilation = 1 }: WindowOptions,
  row: number,
  column: number,
): number[] | undefined {
  const q = row % columns.out
  const p = Math.floor(row / columns.out) % rows.out
  const image = Math.floor(row / columns.out / rows.out)
  const y = p * pair(stride)[0] - rows.before + (Math.floor(column / s) % r) * pair(dilation)[0]
  const z = q * pair(stride)[1] - columns.before + (column % s) * pair(dilation)[1]
  return y < 0 || y >= h! || z < 0 || z >= w! ? undefined : [image, Math.floor(column / s / r), y, z]
}
