import { describe } from '../../errors.js'
import { checkSizes, checkWhole, type Pair } from '../../ops/check.js'
import { indexSelect } from '../../ops/indexing.js'
import { pad as padding } from '../../ops/pad.js'
import { warpAffine } from '../../ops/warp.js'
import { scope } from '../../scope.js'
import type { Tensor } from '../../tensor.js'
import { asBatch, asGiven, checkImage } from './image.js'
import { resize, type ResizeOptions } from './resize.js'

/** For all sides, for left and right, and for top and bottom, or for left, top, right and bottom. */
export type Padding = number | readonly [x: number, y: number] | readonly [number, number, number, number]

/** What lies around an image: one value, its edge, or its mirror image without or with the edge. */
export type PaddingMode = 'constant' | 'edge' | 'reflect' | 'symmetric'

/** Options of {@link pad}. */
export interface PadOptions {
  /** What a constant padding is made of: one number, or one per channel. Default 0. */
  fill?: number | readonly number[] | undefined
  /** Default `'constant'`; others repeat the edge, or mirror the image without its edge (`'reflect'`) or with it. */
  paddingMode?: PaddingMode | undefined
}

/** @throws {RangeError} unless it is one whole number, two or four */
export function checkPadding(op: string, value: Padding): [left: number, top: number, right: number, bottom: number] {
  const all = typeof value === 'number' ? [value] : value
  if (!Array.isArray(all) || ![1, 2, 4].includes(all.length) || !all.every((each) => Number.isSafeInteger(each)))
    throw new RangeError(`${op}: expected padding to be one, two or four whole numbers, got ${describe(value)}`)
  const [left, top = left, right = left, bottom = top] = all as [number, ...(number | undefined)[]]
  return [left, top, right, bottom]
}

/** An image with borders, or, where the padding is negative, without some of its own. @throws {RangeError} {@link ShapeError} */
export function pad(x: Tensor, amount: Padding, options: PadOptions = {}): Tensor {
  const { h, w } = checkImage('pad', x)
  const [left, top, right, bottom] = checkPadding('pad', amount)
  const { fill = 0, paddingMode: mode = 'constant' } = options
  const sides = [left, right, top, bottom]
  switch (mode) {
    case 'constant':
      if (typeof fill === 'number') return padding(x, sides, { value: fill })
      return shifted(x, -top, -left, [h + top + bottom, w + left + right], fill)
    case 'edge':
      return padding(x, sides, { mode: 'replicate' })
    case 'reflect':
      return padding(x, sides, { mode })
    case 'symmetric':
      return scope(() => mirrored(mirrored(x, -1, left, right), -2, top, bottom))
    default:
      throw new RangeError(
        `pad: expected paddingMode to be one of constant, edge, reflect, symmetric, got ${describe(mode)}`,
      )
  }
}

/** Along a dimension, beyond its ends what lies as far within. */
function mirrored(x: Tensor, dim: number, before: number, after: number): Tensor {
  const n = x.shape.at(dim)!
  if (Math.max(before, after) > n || n + before + after < 1)
    throw new RangeError(`pad: expected padding of at most ${n} to mirror ${n} pixels, got ${before} and ${after}`)
  const at = (i: number) => (i < 0 ? -i - 1 : i >= n ? 2 * n - 1 - i : i)
  return indexSelect(
    x,
    dim,
    Int32Array.from({ length: n + before + after }, (_, i) => at(i - before)),
  )
}

function shifted(x: Tensor, top: number, left: number, size: [number, number], fill: readonly number[]): Tensor {
  return scope(() => {
    const batch = asBatch(x)
    const matrices = Array.from({ length: batch.shape[0]! }, () => [1, 0, left, 0, 1, top]).flat()
    return asGiven(warpAffine(batch, matrices, { size, fill }), x)
  })
}

/** The part of an image from (top, left) on; zeros where it reaches beyond. @throws {RangeError} unless all are whole */
export function crop(x: Tensor, top: number, left: number, height: number, width: number): Tensor {
  const { h, w } = checkImage('crop', x)
  for (const [name, value] of Object.entries({ top, left }))
    if (!Number.isSafeInteger(value))
      throw new RangeError(`crop: expected ${name} to be a whole number, got ${describe(value)}`)
  for (const [name, value] of Object.entries({ height, width })) checkWhole('crop', name, value, 1)
  if (top === 0 && left === 0 && height === h && width === w) return x
  // A part that lies wholly beyond is made of what is nearest.
  const [right, bottom] = [left + width - w, top + height - h]
  if (left < w && left + width > 0 && top < h && top + height > 0) return padding(x, [-left, right, -top, bottom])
  return shifted(x, top, left, [height, width], new Array<number>(x.shape.at(-3)!).fill(0))
}

/** To the nearest whole number, of two the even one: Python's. */
const halfOf = (n: number): number => (n % 2 === 0 ? n / 2 : 2 * Math.round(n / 4))

/** The middle of an image, padded with zeros where it is smaller. @throws {RangeError} for sizes that are none */
export function centerCrop(x: Tensor, size: Pair): Tensor {
  const { h, w } = checkImage('centerCrop', x)
  const [height, width] = checkSizes('centerCrop', 'size', size, 2, 1) as [number, number]
  const before = (side: number, wanted: number) =>
    wanted > side ? -Math.floor((wanted - side) / 2) : halfOf(side - wanted)
  return crop(x, before(h, height), before(w, width), height, width)
}

/** A part of an image, brought to a size. @throws {RangeError} */
export const resizedCrop = (
  x: Tensor,
  top: number,
  left: number,
  height: number,
  width: number,
  size: Pair,
  options: ResizeOptions = {},
): Tensor =>
  scope(() =>
    resize(
      crop(x, top, left, height, width),
      checkSizes('resizedCrop', 'size', size, 2, 1) as [number, number],
      options,
    ),
  )
