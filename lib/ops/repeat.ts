import { allocLike, share } from '../alloc.js'
import { record } from '../autograd.js'
import type { DType } from '../dtype.js'
import { describe, ShapeError } from '../errors.js'
import { readStrided } from '../layout.js'
import { kernels } from '../native.js'
import { around, checkShape, sameShape, showShape, type Shape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { repeated, unbroadcast } from './broadcast.js'
import { checkTensor, checkWhole } from './check.js'
import { reshape } from './shape.js'

/**
 * x repeated along its dimensions of size 1, and along new ones in front, to a shape; copied. A −1 keeps x's size.
 * @throws {ShapeError} when x does not broadcast to the shape
 */
export const expand = <D extends DType>(x: Tensor<D>, shape: Shape): Tensor<D> => expandTo('expand', x, shape)

/** As {@link expand}, under NumPy's name. @throws {ShapeError} when x does not broadcast to the shape */
export const broadcastTo = <D extends DType>(x: Tensor<D>, shape: Shape): Tensor<D> => expandTo('broadcastTo', x, shape)

function expandTo(op: string, x: Tensor, shape: Shape): Tensor {
  checkTensor(op, 'x', x)
  if (!Array.isArray(shape)) throw new TypeError(`${op}: expected a shape, got ${describe(shape)}`)
  const { shape: before } = x
  const extra = shape.length - x.rank
  const target = checkShape(
    op,
    (shape as Shape).map((n, d) => (n === -1 && d >= extra ? before[d - extra]! : n)),
  )
  if (extra < 0 || before.some((n, d) => n !== 1 && n !== target[d + extra]))
    throw new ShapeError(`${op}: expected a shape that ${showShape(before)} broadcasts to, got ${showShape(shape)}`)
  if (sameShape(target, before)) return x
  const y = repeated(x, target, extra === 0 ? x.layout : 'rowMajor')
  tracer?.op('expand', y, [x], { shape: target })
  return record(op, y, [x], [], (dy) => [unbroadcast(dy, before)])
}

/**
 * x as often as `repeats` says along each dimension; more repeats than dimensions make new ones in front. Copied.
 * @throws {ShapeError} for fewer repeats than dimensions
 * @throws {RangeError} unless repeats are whole numbers from 0 on
 */
export function repeat<D extends DType>(x: Tensor<D>, repeats: readonly number[]): Tensor<D> {
  checkRepeats('repeat', x, repeats)
  if (repeats.length < x.rank)
    throw new ShapeError(`repeat: expected at least ${x.rank} repeats, got ${showShape(repeats)}`)
  return tiled('repeat', x, repeats)
}

/**
 * As {@link repeat}, but for fewer repeats than dimensions the first dimensions stay as they are.
 * @throws {RangeError} unless repeats are whole numbers from 0 on
 */
export function tile<D extends DType>(x: Tensor<D>, repeats: readonly number[]): Tensor<D> {
  checkRepeats('tile', x, repeats)
  return tiled('tile', x, [...new Array<number>(Math.max(0, x.rank - repeats.length)).fill(1), ...repeats])
}

function checkRepeats(op: string, x: Tensor, repeats: readonly number[]): void {
  checkTensor(op, 'x', x)
  if (!Array.isArray(repeats)) throw new TypeError(`${op}: expected an array of numbers, got ${describe(repeats)}`)
  ;(repeats as readonly number[]).forEach((times, d) => checkWhole(op, `repeats[${d}]`, times, 0))
}

function tiled(op: string, x: Tensor, repeats: readonly number[]): Tensor {
  const extra = repeats.length - x.rank
  const shape = [...new Array<number>(extra).fill(1), ...x.shape]
  checkShape(
    op,
    shape.map((n, d) => n * repeats[d]!),
  )
  let y = reshape(x, shape)
  // From the last dimension on, so that early copies are small.
  for (let d = repeats.length - 1; d >= 0; d--) if (repeats[d] !== 1) y = tiledAlong(op, y, d, repeats[d]!)
  return y
}

/** In memory, [outer, n · inner] becomes [outer, times, n · inner]. */
function tiledAlong(op: string, x: Tensor, dim: number, times: number): Tensor {
  const [outer, n, inner] = around(x, dim)
  const { shape } = x
  const y = allocLike(op, x, shape.with(dim, n * times))
  const [from, to] = [
    share(op, x, [outer, 1, n * inner], 'rowMajor'),
    share(op, y, [outer, times, n * inner], 'rowMajor'),
  ]
  readStrided(from, [n * inner, 0, 1], 0, to)
  from.dispose()
  to.dispose()
  tracer?.op('tile', y, [x], { dim, times })
  return record(op, y, [x], [], (dy) => {
    const dx = allocLike(op, dy, shape)
    kernels.sum(outer, times, n * inner, 1, dy.handle, dx.handle)
    return [dx]
  })
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** As {@link expand}, with the sizes as arguments: `x.expand(3, -1)`. */
    expand(...shape: number[]): Tensor<D>
    /** See {@link broadcastTo}. */
    broadcastTo(shape: Shape): Tensor<D>
    /** As {@link repeat}, with the repeats as arguments: `x.repeat(2, 1)`. */
    repeat(...repeats: number[]): Tensor<D>
    /** See {@link tile}. */
    tile(repeats: readonly number[]): Tensor<D>
  }
}
Tensor.prototype.expand = function (...shape) {
  return expand(this, shape)
}
Tensor.prototype.broadcastTo = function (shape) {
  return broadcastTo(this, shape)
}
Tensor.prototype.repeat = function (...repeats) {
  return repeat(this, repeats)
}
Tensor.prototype.tile = function (repeats) {
  return tile(this, repeats)
}
