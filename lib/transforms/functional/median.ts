import { zeros } from '../../create.js'
import { le, lt, where } from '../../ops/compare.js'
import { cast } from '../../ops/convert.js'
import { add } from '../../ops/elementwise.js'
import { sum } from '../../ops/reduce.js'
import { slice } from '../../ops/slice.js'
import { sort } from '../../ops/sort.js'
import { reshape } from '../../ops/shape.js'
import type { Tensor } from '../../tensor.js'

/** The median of each channel of each image [N, C, H, W], of two the lower one as in `torch.median`: a float tensor [N, C]. */
export function medians(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number]
  const planes = reshape(x, [n * c, h * w])
  const middle = Math.floor((h * w - 1) / 2)
  const values = x.dtype === 'uint8' ? byBits(planes, middle) : slice(sort(planes, -1).values, -1, middle, middle + 1)
  return reshape(values, [n, c])
}

/** Of bytes [rows, M], the one of each row that has `middle` before it in order, bit by bit: faster than to sort them. */
function byBits(x: Tensor, middle: number): Tensor {
  let found = zeros([x.shape[0]!, 1], { device: x.device })
  for (let bit = 128; bit >= 1; bit /= 2) {
    const tried = add(found, bit)
    const below = sum(cast(lt(x, cast(tried, 'uint8')), 'float32'), 1, { keepDim: true })
    found = where(le(below, middle), tried, found)
  }
  return found
}
