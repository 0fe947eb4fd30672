// What convolutions and transposed convolutions share: their geometry, and the three passes that are both's.
import { checkSize, madeLike } from '../alloc.js'
import { recording } from '../capture/recording.js'
import { kernels, pack } from '../native.js'
import { sameShape, type Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import type { Sizes } from './check.js'
import { sum } from './reduce.js'
import { asVolume } from './signal.js'
import { type Padding, type Sliding, windowWords } from './window.js'

/** How filters slide over images. Shapes are of rank 4 or 5: signals have height 1. */
export interface Convolution {
  readonly op: string
  readonly packed: readonly number[]
  /** [N, C, …sides] */
  readonly x: Shape
  /** [K, C / groups, …window] */
  readonly weight: Shape
  /** [N, K, …positions] */
  readonly y: Shape
  readonly window: readonly Sliding[]
  readonly groups: number
}

/** What signals lack of images, and images of volumes: a side of one cell, along which the window does not move. */
const still: Sliding = { size: 1, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0, output: 1 }

/**
 * n images of c channels, k filters, and how they slide along one to three sides.
 * @throws {ShapeError} when there are too many cells
 */
export function convolution(
  op: string,
  [n, c, k, groups]: readonly [n: number, c: number, k: number, groups: number],
  window: readonly Sliding[],
): Convolution {
  const [d, h, w] = asVolume(window, still)
  const sides = window.length === 3 ? [d, h, w] : [h, w]
  const of = (count: number, channels: number, side: 'size' | 'kernel' | 'output') => [
    count,
    channels,
    ...sides.map((each) => each[side]),
  ]
  // Planes that are convolved each by itself are images.
  const flat = d.kernel === 1 && d.stride === 1 && d.before === 0 && d.output === d.size
  const packed = flat
    ? [...windowWords(n * d.size, c, [h, w]), ...depthWords(still), k, groups]
    : [...windowWords(n, c, [h, w]), ...depthWords(d), k, groups]
  const [x, y] = [of(n, c, 'size'), of(n, k, 'output')]
  for (const shape of [x, y]) checkSize(op, shape)
  return { op, packed, x, weight: of(k, c / groups, 'kernel'), y, window, groups }
}

/** What calls are told of how filters slide. */
interface Told {
  stride?: Sizes
  padding?: Padding<Sizes>
  outputPadding?: Sizes
  dilation?: Sizes
  groups?: number
}

/** By filters, the last convolution with them: most often the next is of the same geometry, which takes long to work out. */
const last = new WeakMap<Tensor, { x: Shape; told: Told; g: Convolution }>()

/** The geometry of the last convolution with these filters, if it was told the same. */
export function recall(op: string, x: Tensor, weight: Tensor, told: Told): Convolution | undefined {
  const known = last.get(weight)
  return known?.g.op === op && sameShape(known.x, x.shape) && sameTold(known.told, told) ? known.g : undefined
}

/** Notes g for `recall`. Returns it. */
export function remember(x: Tensor, weight: Tensor, told: Told, g: Convolution): Convolution {
  const { stride, padding, outputPadding, dilation, groups } = told
  const kept = {
    stride: copied(stride),
    padding: copied(padding),
    outputPadding: copied(outputPadding),
    dilation: copied(dilation),
    groups,
  } as Told
  last.set(weight, { x: x.shape, told: kept, g })
  return g
}

/** Whoever has given an array may change it. */
const copied = <T>(sizes: T): T => (Array.isArray(sizes) ? ([...sizes] as T) : sizes)

const sameTold = (a: Told, b: Told): boolean =>
  sameSizes(a.stride, b.stride) &&
  sameSizes(a.padding, b.padding) &&
  sameSizes(a.outputPadding, b.outputPadding) &&
  sameSizes(a.dilation, b.dilation) &&
  a.groups === b.groups

const sameSizes = (a: unknown, b: unknown): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && sameShape(a as Shape, b as Shape))

/** What native/geometry.h's Conv has beyond Window2d. */
const depthWords = (d: Sliding): number[] => [d.size, d.kernel, d.output, d.stride, d.before, d.dilation]

export function forward(g: Convolution, x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const folded = recording()?.folding?.conv(g, x, weight, bias)
  if (folded) return folded
  return madeLike(g.op, kernels.conv(pack(g.packed), x.handle, weight.handle, bias ? bias.handle : 0, 0), x, g.y)
}

/** The gradient of x plus a bias [C]. */
export function backwardInput(g: Convolution, dy: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const operand = bias ? bias.handle : 0
  return madeLike(g.op, kernels.conv_backward_input(pack(g.packed), dy.handle, weight.handle, operand, 0), dy, g.x)
}

export function backwardWeight(g: Convolution, x: Tensor, dy: Tensor): Tensor {
  return madeLike(g.op, kernels.conv_backward_weight(pack(g.packed), x.handle, dy.handle, 0), x, g.weight)
}

/** The sum over all but the channels. */
export const backwardBias = (dy: Tensor): Tensor => sum(dy, [0, 2, 3, 4].slice(0, dy.rank - 1))
