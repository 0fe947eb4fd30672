import { slice } from '../../ops/slice.js'
import { sort } from '../../ops/sort.js'
import { reshape } from '../../ops/shape.js'
import type { Tensor } from '../../tensor.js'
import { asFloat } from './image.js'

/** The median of each channel of each image [N, C, H, W], of two the lower one as in `torch.median`: a float tensor [N, C]. */
export function medians(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number]
  const { values } = sort(reshape(x, [n, c, h * w]), -1)
  const middle = Math.floor((h * w - 1) / 2)
  return asFloat(reshape(slice(values, -1, middle, middle + 1), [n, c]))
}
