import { ones } from '../../create.js'
import { noGrad } from '../../autograd.js'
import { div } from '../../ops/elementwise.js'
import { pad } from '../../ops/pad.js'
import { avgPool1d, avgPool2d, avgPool3d, maxPool1d, maxPool2d, maxPool3d } from '../../ops/pool.js'
import { max, mean } from '../../ops/reduce.js'
import type { Tensor } from '../../tensor.js'
import type { GraphNode } from '../node.js'
import type { Operator, Operators } from '../operator.js'
import { evenPadding, padList, type WindowAttributes, windowAttributes } from './windows.js'

type Pool = (x: Tensor, kernel: readonly number[], options: object) => Tensor

const MAX = [maxPool1d, maxPool2d, maxPool3d] as unknown as Pool[]
const AVERAGE = [avgPool1d, avgPool2d, avgPool3d] as unknown as Pool[]

const pooling = (
  pools: readonly Pool[],
  run: (pool: Pool, x: Tensor, kernel: readonly number[], window: WindowAttributes, node: GraphNode) => Tensor,
): Operator => ({
  arity: [1, 1],
  prepare(node) {
    const window = windowAttributes(node)
    const { kernel } = window
    if (!kernel) return node.fail('expected attribute kernel_shape, got none')
    return (inputs) => {
      const x = inputs.tensor(0)
      const pool = pools[x.rank - 3]
      if (!pool) return node.fail(`expected x of rank 3 to 5, got ${x.rank}`)
      return run(pool, x, kernel, window, node)
    }
  },
})

/** Padding of at most half a window, as ours take it; undefined for others. */
function padding(ends: ReturnType<WindowAttributes['ends']>, kernel: readonly number[]) {
  const fits = ends.every(([before], d) => before <= kernel[d]! / 2)
  return fits ? evenPadding(ends) : undefined
}

function maxOf(pool: Pool, x: Tensor, kernel: readonly number[], window: WindowAttributes): Tensor {
  const ends = window.ends(x.shape.slice(2), kernel)
  const even = padding(ends, kernel)
  const padded = even === undefined ? pad(x, padList(ends), { value: -Infinity }) : x
  const { dilation, ceil } = window
  return pool(padded, kernel, { stride: window.stride ?? 1, dilation, ceilMode: ceil, padding: even ?? 0 })
}

function averageOf(
  pool: Pool,
  x: Tensor,
  kernel: readonly number[],
  window: WindowAttributes,
  node: GraphNode,
): Tensor {
  if (window.dilation?.some((each) => each !== 1)) node.fail('expected dilations of 1, got others')
  const countIncludePad = node.flag('count_include_pad')
  const ends = window.ends(x.shape.slice(2), kernel)
  const even = padding(ends, kernel)
  const options = { stride: window.stride ?? 1, ceilMode: window.ceil }
  if (even !== undefined) return pool(x, kernel, { ...options, padding: even, countIncludePad })
  const means = pool(pad(x, padList(ends)), kernel, options)
  if (countIncludePad) return means
  // The share of each window that is inside the image.
  const inside = noGrad(() => {
    const image = ones([1, 1, ...x.shape.slice(2)], { device: x.device, dtype: x.dtype })
    return pool(pad(image, padList(ends)), kernel, options)
  })
  return div(means, inside)
}

const overall = (fn: (x: Tensor, dims: readonly number[]) => Tensor): Operator => ({
  arity: [1, 1],
  prepare: (node) => (inputs) => {
    const x = inputs.tensor(0)
    if (x.rank < 3) node.fail(`expected x of rank 3 and more, got ${x.rank}`)
    return fn(x, x.shape.map((_, d) => d).slice(2))
  },
})

/** The largest along each dimension; they stay with size 1. */
export const maxAlong = (x: Tensor, dims: readonly number[]): Tensor =>
  dims.reduce((y, d) => max(y, d, { keepDim: true }).values, x)

export const poolings: Operators = {
  MaxPool: pooling(MAX, maxOf),
  AveragePool: pooling(AVERAGE, averageOf),
  GlobalAveragePool: overall((x, dims) => mean(x, dims, { keepDim: true })),
  GlobalMaxPool: overall(maxAlong),
}
