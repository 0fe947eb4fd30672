import { allocLike } from '../alloc.js'
import { noGrad, record } from '../autograd.js'
import { varying } from '../capture/recording.js'
import { counters } from '../create.js'
import { describe, ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { defaultGenerator, type Generator } from '../random.js'
import { showShape, sizeOf, type Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { checkFloats } from './check.js'
import { add, mul } from './elementwise.js'
import { reshape } from './shape.js'
import { scale } from './unary.js'

/** What the kinds of dropout are told. */
export interface DropoutOptions {
  /** Whether to drop at all. Default true. */
  training?: boolean
  /** Default: the one that `manualSeed()` seeds. */
  generator?: Generator
}

/**
 * Zeroes each element with probability p and divides the others by 1 − p (Srivastava et al.: "Dropout", 2014). The mask
 * is not stored: backward draws the same numbers again.
 *
 * @param p from 0 to 1, default 0.5
 * @throws {RangeError} when p is no probability
 */
export function dropout(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  checkDropout('dropout', x, p)
  const { training = true, generator = defaultGenerator } = options
  if (!training || p === 0) return x
  const taken = counters(x)
  // Numbers are drawn in logical order, so that they do not depend on the layout.
  const [outer, channels, inner] =
    x.layout === 'channelsLast'
      ? [x.shape[0]!, x.shape[1]!, x.size === 0 ? 0 : x.size / (x.shape[0]! * x.shape[1]!)]
      : [1, 1, x.size]
  let drawn: DropoutNumbers | undefined
  const draw = (): DropoutNumbers => (drawn = [outer, channels, inner, generator.seed, generator.take(taken), p])
  return record('dropout', drop(x, draw), [x], [], (dy) => [drop(dy, () => drawn!)])
}

type DropoutNumbers = [outer: number, channels: number, inner: number, seed: number, counter: number, p: number]

function drop(x: Tensor, numbers: () => DropoutNumbers): Tensor {
  const y = allocLike('dropout', x)
  varying(numbers, (...drawn) => kernels.dropout(...drawn, x.handle, y.handle))
  return y
}

/**
 * Zeroes each channel of each sample with probability p and divides the others by 1 − p (Tompson et al.: "Efficient
 * object localization using convolutional networks", 2015).
 *
 * @param x [N, C, …]
 * @param p from 0 to 1, default 0.5
 * @throws {ShapeError} for a rank below 2
 * @throws {RangeError} when p is no probability
 */
export function featureDropout(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  checkDropout('featureDropout', x, p)
  if (x.rank < 2) throw new ShapeError(`featureDropout: expected x of shape [N, C, …], got ${showShape(x.shape)}`)
  return dropChannels('featureDropout', x, p, options)
}

/** As {@link featureDropout}, for x [N, C, L]. @throws {ShapeError} {@link RangeError} */
export const dropout1d = (x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor =>
  ofRank('dropout1d', 3, x, p, options)

/** As {@link featureDropout}, for x [N, C, H, W]. @throws {ShapeError} {@link RangeError} */
export const dropout2d = (x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor =>
  ofRank('dropout2d', 4, x, p, options)

/** As {@link featureDropout}, for x [N, C, D, H, W]. @throws {ShapeError} {@link RangeError} */
export const dropout3d = (x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor =>
  ofRank('dropout3d', 5, x, p, options)

function ofRank(op: string, rank: number, x: Tensor, p: number, options: DropoutOptions): Tensor {
  checkDropout(op, x, p)
  if (x.rank !== rank)
    throw new ShapeError(`${op}: expected x of shape [N, C, …] and rank ${rank}, got ${showShape(x.shape)}`)
  return dropChannels(op, x, p, options)
}

function dropChannels(op: string, x: Tensor, p: number, options: DropoutOptions): Tensor {
  const { training = true, generator = defaultGenerator } = options
  if (!training || p === 0) return x
  const [n, channels, ...rest] = x.shape as [number, number, ...number[]]
  const mask = drawMask(op, x, [n, channels, ...rest.map(() => 1)], p, generator)
  const y = record(op, noGrad(() => mul(x, mask)), [x], [mask], (dy, _, [mask]) => [mul(dy, mask)]) // prettier-ignore
  mask.dispose()
  return y
}

/** What SELU tends to for very negative numbers: −scale · alpha. */
const SATURATED = -1.7580993408473766

/**
 * Sets each element with probability p to what SELU saturates at, and then shifts and scales all so that mean 0 and
 * variance 1 stay (Klambauer et al.: "Self-normalizing neural networks", 2017).
 *
 * @param p from 0 to 1, default 0.5; 1 gives zeros
 * @throws {RangeError} when p is no probability
 */
export function alphaDropout(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  checkDropout('alphaDropout', x, p)
  const { training = true, generator = defaultGenerator } = options
  if (!training || p === 0) return x
  const a = p === 1 ? 0 : 1 / Math.sqrt((1 - p) * (1 + p * SATURATED ** 2))
  // y = a · (kept ? x : SATURATED) − a · p · SATURATED, where the mask is 1 / (1 − p) for what is kept
  const mask = drawMask('alphaDropout', x, x.shape, p, generator)
  const [factor, shift] = noGrad(() => [
    scale(mask, a * (1 - p)),
    add(scale(mask, -a * SATURATED * (1 - p)), a * SATURATED * (1 - p)),
  ])
  return add(mul(x, factor), shift)
}

function checkDropout(op: string, x: Tensor, p: number): void {
  checkFloats(op, { x })
  if (typeof p !== 'number' || !(p >= 0 && p <= 1))
    throw new RangeError(`${op}: expected p from 0 to 1, got ${describe(p)}`)
}

/** A dropped-out tensor of ones, drawn in logical order. */
function drawMask(op: string, x: Tensor, shape: Shape, p: number, generator: Generator): Tensor {
  const size = sizeOf(shape)
  const ones = allocLike(op, x, [size])
  kernels.fill(size, 1, ones.handle)
  const taken = counters(ones)
  const mask = drop(ones, () => [1, 1, size, generator.seed, generator.take(taken), p])
  ones.dispose()
  return reshape(mask, shape)
}
