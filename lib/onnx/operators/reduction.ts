import { argmax, argmin, cumsum, mean, min, sum } from '../../ops/reduce.js'
import { square, sqrt } from '../../ops/unary.js'
import { logsumexp } from '../../ops/statistics.js'
import type { Tensor } from '../../tensor.js'
import { reduceOver } from '../numbers.js'
import { axisOf, type Operator, type Operators } from '../operator.js'
import { Numbers } from '../value.js'
import { maxAlong } from './pooling.js'
import { movedToInput, reshaped } from './shape.js'

type Dims = readonly number[]
const kept = { keepDim: true } as const

/** @param since the opset in which axes became an input */
const reduction = (
  since: number,
  tensors: (x: Tensor, dims: Dims) => Tensor,
  numbers: (values: number[]) => number = () => NaN,
): Operator => ({
  arity: [1, 2],
  numbers: [1],
  prepare(node) {
    const axesOf = movedToInput(node, 'axes', since)
    const keepDims = node.flag('keepdims', true)
    const none = node.flag('noop_with_empty_axes')
    return (inputs) => {
      const x = inputs.get(0)
      const given = axesOf(inputs, 1)
      if (none && !given?.length) return x
      const dims = given?.length ? given.map((axis) => axisOf(node, axis, x.shape.length)) : x.shape.map((_, d) => d)
      const y = x instanceof Numbers ? reduceOver(x, dims, numbers) : tensors(x, dims)
      return keepDims
        ? y
        : reshaped(
            y,
            y.shape.filter((_, d) => !dims.includes(d)),
          )
    }
  },
})

const total = (values: number[]): number => values.reduce((a, b) => a + b, 0)

const place = (fn: typeof argmax): Operator => ({
  arity: [1, 1],
  prepare(node) {
    const [axis, keepDim] = [node.int('axis', 0), node.flag('keepdims', true)]
    if (node.flag('select_last_index')) node.fail('expected the first of equal elements, got select_last_index')
    return (inputs) => {
      const x = inputs.tensor(0)
      return fn(x, axisOf(node, axis, x.rank), { keepDim })
    }
  },
})

export const reductions: Operators = {
  ReduceSum: reduction(13, (x, dims) => sum(x, dims, kept), total),
  ReduceMean: reduction(
    18,
    (x, dims) => mean(x, dims, kept),
    (values) => total(values) / values.length,
  ),
  ReduceMax: reduction(18, maxAlong, (values) => Math.max(...values)),
  ReduceMin: reduction(
    18,
    (x, dims) => dims.reduce((y, d) => min(y, d, kept).values, x),
    (values) => Math.min(...values),
  ),
  ReduceProd: reduction(
    18,
    () => {
      throw new TypeError('ReduceProd: expected numbers from shapes, got a tensor')
    },
    (values) => values.reduce((a, b) => a * b, 1),
  ),
  ReduceSumSquare: reduction(18, (x, dims) => sum(square(x), dims, kept)),
  ReduceL2: reduction(18, (x, dims) => sqrt(sum(square(x), dims, kept))),
  ReduceLogSumExp: reduction(18, (x, dims) => logsumexp(x, dims, kept)),
  ArgMax: place(argmax),
  ArgMin: place(argmin),
  CumSum: {
    arity: [2, 2],
    numbers: [1],
    prepare(node) {
      if (node.flag('exclusive') || node.flag('reverse')) node.fail('expected sums up to each element, got others')
      return (inputs) => cumsum(inputs.tensor(0), axisOf(node, inputs.number(1) ?? 0, inputs.tensor(0).rank))
    },
  },
}
