import { arange, ones, zeros } from '../../create.js'
import { DTypeError } from '../../errors.js'
import { toRowMajor } from '../../layout.js'
import { eq, where } from '../../ops/compare.js'
import { cast } from '../../ops/convert.js'
import { add, div, sub } from '../../ops/elementwise.js'
import { cat } from '../../ops/join.js'
import { cumsum, max } from '../../ops/reduce.js'
import { gather, scatterAdd } from '../../ops/scatter.js'
import { reshape } from '../../ops/shape.js'
import { slice } from '../../ops/slice.js'
import { clamp, scale } from '../../ops/unary.js'
import { scope } from '../../scope.js'
import type { Tensor } from '../../tensor.js'
import { checkImage } from './image.js'

/** Positive numbers rounded down. */
const down = (x: Tensor): Tensor => cast(cast(x, 'int32'), 'float32')

/**
 * An image whose channels, each by itself, have equally many pixels of each brightness, as near as may be: torchvision's and
 * Pillow's `equalize`.
 * @throws {DTypeError} unless x is of bytes
 */
export function equalize(x: Tensor): Tensor {
  const { n, c, h, w } = checkImage('equalize', x)
  if (x.dtype !== 'uint8') throw new DTypeError(`equalize: expected x of dtype uint8, got ${x.dtype}`)
  const [planes, pixels] = [n * c, h * w]
  const { device } = x
  return scope(() => {
    const values = cast(reshape(toRowMajor(x), [planes, pixels]), 'int32')
    const counts = scatterAdd(zeros([planes, 256], { device }), 1, values, ones([planes, pixels], { device }))
    const upTo = cumsum(counts, 1)
    // The brightest pixels make no step.
    const brightest = gather(counts, 1, max(upTo, 1, { keepDim: true }).indices)
    const step = down(scale(sub(pixels, brightest), 1 / 255))
    const flat = eq(step, 0)
    const divisor = where(flat, 1, step)
    const before = cat([zeros([planes, 1], { device }), slice(upTo, 1, 0, 255)], 1)
    const spread = clamp(down(div(add(before, down(scale(step, 0.5))), divisor)), 0, 255)
    const table = where(flat, reshape(arange(256, { device }), [1, 256]), spread)
    return reshape(cast(gather(table, 1, values), 'uint8'), x.shape)
  })
}
