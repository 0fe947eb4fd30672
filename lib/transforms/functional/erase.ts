import { arange, tensor } from '../../create.js'
import { describe, ShapeError } from '../../errors.js'
import { alloc } from '../../alloc.js'
import { ge, lt, where } from '../../ops/compare.js'
import { cast } from '../../ops/convert.js'
import { mul } from '../../ops/elementwise.js'
import { scope } from '../../scope.js'
import { Tensor } from '../../tensor.js'
import { checkImage } from './image.js'

/** A part of an image, in pixels. */
export interface Box {
  /** The first row. */
  readonly top: number
  /** The first column. */
  readonly left: number
  /** Rows. */
  readonly height: number
  /** Columns. */
  readonly width: number
}

/** 1 within the box of each image, else 0: uint8 [n, 1, h, w], where n is the number of boxes. */
export function insideOf(boxes: readonly Box[], h: number, w: number, device: Tensor['device']): Tensor {
  const column = (values: number[]) => tensor(values, { shape: [boxes.length, 1, 1, 1], device })
  const among = (count: number, shape: number[], first: (box: Box) => number, length: (box: Box) => number) => {
    const places = arange(count, { device }).reshape(shape)
    const [low, high] = [column(boxes.map(first)), column(boxes.map((box) => first(box) + length(box)))]
    return mul(cast(ge(places, low), 'float32'), cast(lt(places, high), 'float32'))
  }
  const rows = among(
    h,
    [1, 1, h, 1],
    ({ top }) => top,
    ({ height }) => height,
  )
  const columns = among(
    w,
    [1, 1, 1, w],
    ({ left }) => left,
    ({ width }) => width,
  )
  return cast(mul(rows, columns), 'uint8')
}

/**
 * An image with a box of it overwritten, or each image of a batch with one of its own.
 *
 * @param value one number for all channels, one for each, or a tensor of x's shape and dtype
 * @throws {ShapeError} unless there is one box, or one for each image, and a value for each channel
 */
export function erase(x: Tensor, boxes: Box | readonly Box[], value: number | readonly number[] | Tensor = 0): Tensor {
  const { n, c, h, w } = checkImage('erase', x)
  const list = Array.isArray(boxes) ? (boxes as readonly Box[]) : [boxes as Box]
  if (list.length !== 1 && list.length !== n)
    throw new ShapeError(`erase: expected one box or one for each of ${n} images, got ${list.length}`)
  for (const box of list)
    if (![box.top, box.left, box.height, box.width].every(Number.isFinite))
      throw new RangeError(`erase: expected boxes of finite numbers, got ${describe(Object.values(box))}`)
  return scope(() => {
    const mask = insideOf(list, h, w, x.device)
    const inside = x.rank === 3 ? mask.reshape([1, h, w]) : mask
    return where(inside, filling(x, c, value), x)
  })
}

function filling(x: Tensor, c: number, value: number | readonly number[] | Tensor): number | Tensor {
  if (typeof value === 'number' || value instanceof Tensor) return value
  if (value.length !== c) throw new ShapeError(`erase: expected a value for each of ${c} channels, got ${value.length}`)
  return alloc('erase', x.rank === 3 ? [c, 1, 1] : [1, c, 1, 1], x.dtype, x.device).copy_(value)
}
