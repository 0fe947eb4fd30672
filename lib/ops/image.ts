// How images lie for the kernels that work along or between channels.
import { toLayout } from '../layout.js'
import type { Tensor } from '../tensor.js'
import { reshape } from './shape.js'

/**
 * x [N, C, …] with its channels last in memory: [N, C, L] becomes an image of height 1, [N, C] stays.
 * @param x of rank 2 to 5
 */
export function asImage(x: Tensor): Tensor {
  if (x.rank === 2) return x
  const [n, c, l] = x.shape
  return toLayout(x.rank === 3 ? reshape(x, [n!, c!, 1, l!]) : x, 'channelsLast')
}

/** What an op made of `asImage(x)`, in x's shape. */
export const asBefore = (y: Tensor, x: Tensor): Tensor => (x.rank === 3 ? reshape(y, x.shape) : y)
