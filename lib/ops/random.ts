import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { advance } from '../create.js'
import { describe } from '../errors.js'
import { kernels } from '../native.js'
import { defaultGenerator, type Generator } from '../random.js'
import type { Tensor } from '../tensor.js'
import { checkFloats } from './check.js'

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
  checkFloats('dropout', { x })
  if (typeof p !== 'number' || !(p >= 0 && p <= 1))
    throw new RangeError(`dropout: expected p from 0 to 1, got ${describe(p)}`)
  const { training = true, generator = defaultGenerator } = options
  if (!training || p === 0) return x
  const { seed } = generator
  const counter = advance(x, generator)
  // Numbers are drawn in logical order, so that they do not depend on the layout.
  const [outer, channels, inner] =
    x.layout === 'channelsLast'
      ? [x.shape[0]!, x.shape[1]!, x.size === 0 ? 0 : x.size / (x.shape[0]! * x.shape[1]!)]
      : [1, 1, x.size]
  const drop = (source: Tensor): Tensor => {
    const y = allocLike('dropout', source)
    kernels.dropout(outer, channels, inner, seed, counter, p, source.handle, y.handle)
    return y
  }
  return record('dropout', drop(x), [x], [], (dy) => [drop(dy)])
}
