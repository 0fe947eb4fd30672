import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { kernels, pack } from '../native.js'
import type { Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { asVolume, fromImage, toImage } from './signal.js'

/** What max pooling found: the values and where they were in the flattened spatial dimensions, int32. */
export interface MaxPoolResult {
  /** The largest elements of the windows. */
  values: Tensor
  /** Where they were: int32, of the values' shape. */
  indices: Tensor
}

/** How windows lie on an image or a volume. */
export interface Pooling {
  /** native/geometry.h's Pool3d. */
  readonly words: readonly number[]
  /** Output sizes, by spatial dimension. */
  readonly outputs: readonly number[]
}

/** native/geometry.h's Pool3d, from one PoolAxis for each spatial dimension. */
export const poolWords = (
  [n, c]: Shape,
  axes: readonly (readonly number[])[],
  flags: { adaptive: boolean; includePad: boolean; divisor: number },
): number[] => [
  n!,
  c!,
  ...asVolume(axes, [1, 1, 1, 1, 0, 0, 1]).flat(),
  Number(flags.adaptive),
  Number(flags.includePad),
  flags.divisor,
]

/** The windows again, one for each spatial dimension; `poolWords` turned round. */
export function readPoolWords({ words, outputs }: Pooling) {
  const axes = outputs.map((_, i) => {
    const from = 2 + 7 * (3 - outputs.length + i)
    const [size, output, kernel, stride, before, after, dilation] = words.slice(from, from + 7) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    return { size, output, kernel, stride, before, after, dilation }
  })
  const [adaptive, includePad, divisor] = words.slice(-3) as [number, number, number]
  return { axes, adaptive: adaptive === 1, includePad: includePad === 1, divisor }
}

const outputShape = ({ shape: [n, c] }: Tensor, { outputs }: Pooling): number[] =>
  outputs.length === 1 ? [n!, c!, 1, outputs[0]!] : [n!, c!, ...outputs]

/** The largest value under each of the windows; with relu its positive part, and −1 for where one of 0 was. */
export function maxUnder(op: string, x: Tensor, windows: Pooling, relu = false): MaxPoolResult {
  const image = toImage(x)
  const y = allocLike(op, image, outputShape(x, windows))
  const indices = allocLike(op, image, y.shape, { dtype: 'int32' })
  kernels.max_pool(pack(windows.words), Number(relu), image.handle, y.handle, indices.handle)
  const { shape } = image
  record(op, y, [image], [indices], (dy, _, [indices]) => {
    const dx = allocLike(op, dy, shape)
    kernels.max_pool_backward(pack(windows.words), indices.handle, dy.handle, dx.handle)
    return [dx]
  })
  const rank = windows.outputs.length
  const values = fromImage(y, rank)
  tracer?.op('maxPool', values, [x], { ...windows, op, relu })
  return { values, indices: fromImage(indices, rank) }
}

/** The mean under each of the windows. */
export function meanUnder(op: string, x: Tensor, windows: Pooling): Tensor {
  const image = toImage(x)
  const y = allocLike(op, image, outputShape(x, windows))
  kernels.avg_pool(pack(windows.words), image.handle, y.handle)
  const { shape } = image
  record(op, y, [image], [], (dy) => {
    const dx = allocLike(op, dy, shape)
    kernels.avg_pool_backward(pack(windows.words), dy.handle, dx.handle)
    return [dx]
  })
  const result = fromImage(y, windows.outputs.length)
  tracer?.op('avgPool', result, [x], { ...windows, op })
  return result
}

/** The values alone. */
export function valuesOf({ values, indices }: MaxPoolResult): Tensor {
  indices.dispose()
  return values
}
