import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import type { DType } from '../dtype.js'
import { describe, ShapeError } from '../errors.js'
import { readStrided, writeStrided } from '../layout.js'
import { kernels } from '../native.js'
import { showShape, stridesOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkHolds, checkTensor } from './check.js'
import { clone } from './convert.js'
import { indexOn, selectAlong } from './select.js'

/** Options of {@link pad}. */
export interface PadOptions {
  /** What stands beyond x: a value (default), x mirrored at its first and last element, these two, or x again. */
  mode?: 'constant' | 'reflect' | 'replicate' | 'circular'
  /** Of mode 'constant'. Default 0. */
  value?: number
}

/** Position of what stands at i, which may lie beyond [0, n), by mode; and how far beyond it is defined. */
const modes = {
  reflect: { limit: (n: number) => n - 1, at: (i: number, n: number) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i) },
  replicate: { limit: () => Infinity, at: (i: number, n: number) => Math.min(Math.max(i, 0), n - 1) },
  circular: { limit: (n: number) => n, at: (i: number, n: number) => (i + n) % n },
} as const

/**
 * x with elements added, or with negative numbers taken away, at the ends of its last dimensions.
 *
 * @param padding as PyTorch's: [left, right], then [top, bottom] of the dimension before, then [front, back] of the one
 *   before that
 * @throws {ShapeError} when there are more pairs than dimensions, a size would become negative, or x is too small to be
 *   mirrored that far
 * @throws {RangeError} unless the padding is pairs of whole numbers, and the value one that x's dtype holds
 */
export function pad<D extends DType>(x: Tensor<D>, padding: readonly number[], options: PadOptions = {}): Tensor<D> {
  checkTensor('pad', 'x', x)
  const { mode = 'constant', value = 0 } = options
  if (!Array.isArray(padding) || padding.length % 2 !== 0 || !padding.every((p) => Number.isSafeInteger(p)))
    throw new RangeError(`pad: expected pairs of whole numbers, got ${describe(padding)}`)
  if (padding.length > 2 * x.rank)
    throw new ShapeError(`pad: expected at most ${x.rank} pairs for ${showShape(x.shape)}, got ${describe(padding)}`)
  if (mode !== 'constant' && !Object.hasOwn(modes, mode))
    throw new RangeError(`pad: expected mode 'constant', 'reflect', 'replicate' or 'circular', got ${describe(mode)}`)
  if (typeof value !== 'number') throw new TypeError(`pad: expected value to be a number, got ${describe(value)}`)
  if (mode === 'constant') checkHolds('pad', 'value', value, x.dtype)
  const ends = x.shape.map((n, d): [before: number, after: number] => {
    const at = 2 * (x.rank - 1 - d)
    const [before, after] = [(padding as readonly number[])[at] ?? 0, (padding as readonly number[])[at + 1] ?? 0]
    if (n + before + after < 0)
      throw new ShapeError(
        `pad: expected dimension ${d} of ${showShape(x.shape)} to keep a size of at least 0, got ${before} and ${after}`,
      )
    return [before, after]
  })
  if (ends.every(([before, after]) => before === 0 && after === 0)) return clone(x)
  const y = mode === 'constant' ? constant(x, ends, value) : extended(x, ends, mode)
  tracer?.op('pad', y, [x], { ends, mode, value })
  return y
}

/** Its gradient is the opposite: what was added is taken away, and what was taken away is 0. */
function constant(x: Tensor, ends: readonly (readonly [number, number])[], value: number): Tensor {
  const { shape: before } = x
  const shape = before.map((n, d) => n + ends[d]![0] + ends[d]![1])
  const y = allocLike('pad', x, shape)
  const kept = before.map((n, d) => Math.max(0, n + Math.min(0, ends[d]![0]) + Math.min(0, ends[d]![1])))
  if (ends.some((pair) => Math.max(...pair) > 0)) kernels.fill(y.size, value, y.handle)
  const offset = (strides: readonly number[], sign: number) =>
    strides.reduce((sum, stride, d) => sum + stride * Math.max(0, sign * ends[d]![0]), 0)
  const [from, to] = [stridesOf(before, x.layout), stridesOf(shape, y.layout)]
  if (kept.every((n) => n > 0)) {
    const cropped = kept.some((n, d) => n !== before[d])
    const part = cropped ? allocLike('pad', x, kept) : x
    if (cropped) readStrided(x, from, offset(from, -1), part)
    writeStrided(part, y, to, offset(to, 1))
    if (cropped) part.dispose()
  }
  return record('pad', y, [x], [], (dy) => [
    constant(
      dy,
      ends.map(([before, after]) => [-before, -after]),
      0,
    ),
  ])
}

function extended(x: Tensor, ends: readonly (readonly [number, number])[], mode: keyof typeof modes): Tensor {
  let y = x
  const { limit, at } = modes[mode]
  for (const [d, [before, after]] of ends.entries()) {
    if (before === 0 && after === 0) continue
    const n = x.shape[d]!
    if (n === 0 || before > limit(n) || after > limit(n))
      throw new ShapeError(
        `pad: expected at most ${Math.max(0, limit(n))} for mode '${mode}' of dimension ${d} of ${showShape(x.shape)}, got ${before} and ${after}`,
      )
    const index = indexOn(
      'pad',
      x,
      Int32Array.from({ length: n + before + after }, (_, i) => at(i - before, n)),
    )
    y = selectAlong('pad', y, d, index)
    index.dispose()
  }
  return y
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link pad}. */
    pad(padding: readonly number[], options?: PadOptions): Tensor<D>
  }
}
Tensor.prototype.pad = function (padding, options) {
  return pad(this, padding, options)
}
