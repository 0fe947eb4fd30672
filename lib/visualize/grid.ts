import { noGrad } from '../autograd.js'
import { isFloat } from '../dtype.js'
import { describe, ShapeError } from '../errors.js'
import { checkTensor, checkWhole } from '../ops/check.js'
import { maximum, div, sub } from '../ops/elementwise.js'
import { cat, stack } from '../ops/join.js'
import { pad } from '../ops/pad.js'
import { max, min } from '../ops/reduce.js'
import { permute, reshape, unsqueeze } from '../ops/shape.js'
import { clamp } from '../ops/unary.js'
import { scope } from '../scope.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'

/** Options of {@link makeGrid}. */
export interface GridOptions {
  /** Images per row; default 8. */
  nrow?: number
  /** Pixels around each image; default 2. */
  padding?: number
  /** Whether values are moved to 0 … 1; default false. */
  normalize?: boolean
  /** What becomes 0 and what becomes 1 with `normalize`; what lies beyond is cut off. Default: the least and the greatest value. */
  valueRange?: readonly [least: number, greatest: number]
  /** Whether `normalize` takes the least and greatest value of each image rather than of all; default false. */
  scaleEach?: boolean
  /** Of the pixels around; default 0. */
  padValue?: number
}

/**
 * Images side by side, in rows: torchvision.utils.make_grid, pixel for pixel.
 *
 * @param images [N, C, H, W], an array of [C, H, W] or [H, W], or a single image; one channel becomes three
 * @returns [3 or C, rows · (H + padding) + padding, nrow · (W + padding) + padding]; a single image without padding
 * @throws {ShapeError} for other shapes, or none; {RangeError} for other options
 */
export function makeGrid(images: Tensor | readonly Tensor[], options: GridOptions = {}): Tensor {
  const { nrow = 8, padding = 2, padValue = 0 } = options
  checkWhole('makeGrid', 'nrow', nrow, 1)
  checkWhole('makeGrid', 'padding', padding, 0)
  checkRange(options.valueRange)
  return scope(() =>
    noGrad(() => {
      const given = normalized(toBatch(images), options)
      const batch = given.shape[1] === 1 ? cat([given, given, given], 1) : given
      const [n, c, h, w] = batch.shape as [number, number, number, number]
      if (n === 1) return reshape(batch, [c, h, w])
      const columns = Math.min(nrow, n)
      const rows = Math.ceil(n / columns)
      const tiles = pad(batch, [padding, 0, padding, 0, 0, 0, 0, columns * rows - n], { value: padValue })
      const cells = reshape(tiles, [rows, columns, c, h + padding, w + padding])
      const grid = reshape(permute(cells, [2, 0, 3, 1, 4]), [c, rows * (h + padding), columns * (w + padding)])
      return pad(grid, [0, padding, 0, padding], { value: padValue })
    }),
  )
}

function checkRange(range: unknown): void {
  if (range === undefined) return
  const [least, greatest] = (Array.isArray(range) && range.length === 2 ? range : []) as number[]
  if (!(least! < greatest!))
    throw new RangeError(`makeGrid: expected valueRange to be [least, greatest], got ${describe(range)}`)
}

/** @internal [N, C, H, W]. */
export function toBatch(images: Tensor | readonly Tensor[]): Tensor {
  const list = Array.isArray(images) ? (images as readonly Tensor[]) : undefined
  list?.forEach((each, i) => checkTensor('makeGrid', `images[${i}]`, each))
  if (list?.length === 0) throw new ShapeError('makeGrid: expected at least one image, got none')
  const x = list ? stack(list) : (images as Tensor)
  checkTensor('makeGrid', 'images', x)
  // An array of images [H, W] has lost its channels' dimension, a tensor [C, H, W] has no batch's.
  const batch = list && x.rank === 3 ? unsqueeze(x, 1) : x.rank === 2 ? reshape(x, [1, 1, ...x.shape]) : x
  const whole = batch.rank === 3 ? unsqueeze(batch, 0) : batch
  if (whole.rank !== 4 || whole.size === 0)
    throw new ShapeError(`makeGrid: expected images [N, C, H, W], got ${showShape(x.shape)}`)
  return whole
}

/** @internal As torchvision: (x − least) / max(greatest − least, 1e-5). */
export function normalized(batch: Tensor, { normalize = false, valueRange, scaleEach = false }: GridOptions): Tensor {
  if (!normalize) return batch
  const x = isFloat(batch.dtype) ? batch : batch.to('float32')
  if (valueRange) {
    const [least, greatest] = valueRange
    return div(sub(clamp(x, least, greatest), least), Math.max(greatest - least, 1e-5))
  }
  const groups = reshape(x, [scaleEach ? x.shape[0]! : 1, -1])
  const least = min(groups, 1, { keepDim: true }).values
  const greatest = max(groups, 1, { keepDim: true }).values
  return reshape(div(sub(groups, least), maximum(sub(greatest, least), 1e-5)), x.shape)
}
