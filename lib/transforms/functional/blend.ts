import { alloc } from '../../alloc.js'
import { isFloat } from '../../dtype.js'
import { ShapeError } from '../../errors.js'
import { cast } from '../../ops/convert.js'
import { add, mul } from '../../ops/elementwise.js'
import { clamp, scale } from '../../ops/unary.js'
import { showShape } from '../../shape.js'
import type { Tensor } from '../../tensor.js'
import { asFloat, type Factor, whiteOf } from './image.js'

/** Numbers for the images of a batch x, of its dtype, as [N, 1, 1, 1]. @throws {ShapeError} unless there is one for each */
export function perImage(op: string, x: Tensor, factor: readonly number[]): Tensor {
  if (x.rank !== 4 || x.shape[0] !== factor.length)
    throw new ShapeError(
      `${op}: expected one number for each image, got ${factor.length} for images of shape ${showShape(x.shape)}`,
    )
  return alloc(op, [factor.length, 1, 1, 1], x.dtype, x.device).copy_(factor)
}

/** x times one number, or each image of a batch times its own. */
export const times = (op: string, x: Tensor, factor: Factor): Tensor =>
  typeof factor === 'number' ? scale(x, factor) : mul(x, perImage(op, x, factor))

/** Values between black and white in x's dtype; bytes are rounded down. */
export function within(x: Tensor, values: Tensor): Tensor {
  const clamped = clamp(values, 0, whiteOf(x))
  return isFloat(x.dtype) ? clamped : cast(clamped, 'uint8')
}

/** factor · x + (1 − factor) · other: torchvision's `_blend`. */
export function blend(op: string, x: Tensor, other: Tensor, factor: Factor): Tensor {
  const rest = typeof factor === 'number' ? 1 - factor : factor.map((each) => 1 - each)
  return within(x, add(times(op, asFloat(x), factor), times(op, other, rest)))
}
