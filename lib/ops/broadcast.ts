import { alloc, allocLike } from '../alloc.js'
import { isAutocastEnabled } from '../autocast.js'
import { ShapeError } from '../errors.js'
import { readStrided } from '../layout.js'
import { kernels } from '../native.js'
import { physicalOrder, sameShape, showShape, stridesOf, type Layout, type Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkTensor } from './check.js'
import { promoted } from './precision.js'
import { sum } from './reduce.js'
import { reshape } from './shape.js'

/** A tensor, or a number that stands for a scalar tensor. */
export type Operand = Tensor | number

const NAMES = ['a', 'b'] as const

/**
 * The shape of an elementwise result by NumPy's rule: aligned at the last dimension, sizes are equal or one of them is 1.
 * @throws {ShapeError}
 */
export function broadcastShape(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const [m, n] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1]
    if (m !== n && m !== 1 && n !== 1)
      throw new ShapeError(`${op}: expected shapes that broadcast together, got ${showShape(a)} and ${showShape(b)}`)
    return m === 1 ? n : m
  })
}

/** x's stride along each dimension of a broadcast shape; 0 where it is repeated. */
function repeatedStrides(x: Tensor, shape: Shape): number[] {
  const strides = stridesOf(x.shape, x.layout)
  return shape.map((_, d) => {
    const at = d - shape.length + x.rank
    return at < 0 || x.shape[at] === 1 ? 0 : strides[at]!
  })
}

/** Of operands that lie alike: one dimension, along which both go. */
const alike = [1, 0, 1, 1]

/** native/geometry.h's Broadcast, to be packed at once: the next call may change it. */
export function broadcastWords(a: Tensor, b: Tensor, shape: Shape, layout: Layout): readonly number[] {
  if (a.size === b.size && a.layout === b.layout && sameShape(a.shape, b.shape)) {
    alike[1] = a.size
    return alike
  }
  const [stridesA, stridesB] = [repeatedStrides(a, shape), repeatedStrides(b, shape)]
  const axes = physicalOrder(shape.length, layout).flatMap((d) => [shape[d]!, stridesA[d]!, stridesB[d]!])
  return [shape.length, ...axes]
}

/** The result lies as its largest operand. */
export const resultLayout = (a: Tensor, b: Tensor, shape: Shape): Layout =>
  sameShape(a.shape, shape) ? a.layout : sameShape(b.shape, shape) ? b.layout : 'rowMajor'

/** Both operands as tensors; a number takes the other's dtype and device. */
export function operands(op: string, a: Operand, b: Operand, names = NAMES): readonly [Tensor, Tensor] {
  if (typeof a === 'number') {
    checkTensor(op, names[1], b)
    return [scalar(op, a, b), b]
  }
  checkTensor(op, names[0], a)
  if (typeof b === 'number') return [a, scalar(op, b, a)]
  checkTensor(op, names[1], b)
  return isAutocastEnabled() ? promoted(a, b) : [a, b]
}

/** A number as a tensor of no dimensions, of like's dtype and on its device. */
export function scalar(op: string, value: number, like: Tensor): Tensor {
  const y = alloc(op, [], like.dtype, like.device)
  kernels.fill(1, value, y.handle)
  tracer?.constant(y)
  return y
}

/** x repeated to a shape that it broadcasts to, in a layout; off the tape. */
export function repeated(x: Tensor, shape: Shape, layout: Layout): Tensor {
  if (sameShape(x.shape, shape) && x.layout === layout) return x
  const y = allocLike('expand', x, shape, { layout })
  if (y.size > 0) readStrided(x, repeatedStrides(x, shape), 0, y)
  return y
}

/** The gradient of a broadcast operand: summed over the dimensions along which it was repeated. */
export function unbroadcast(dy: Tensor, shape: Shape): Tensor {
  if (sameShape(dy.shape, shape)) return dy
  const extra = dy.rank - shape.length
  const dims = dy.shape.map((_, d) => d).filter((d) => d < extra || (shape[d - extra] === 1 && dy.shape[d] !== 1))
  return reshape(sum(dy, dims, { keepDim: true }), shape)
}
