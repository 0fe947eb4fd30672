import { argmax, argmin, cumsum, max, mean, min, sum, tensor, type Tensor, zeros } from 'convcore'
import type { Dense } from '../../reference/array.js'
import * as reference from '../../reference/reduce.js'
import { type Case, type ErrorCase, shapeError } from '../case.js'

const smooth = { sum, mean }
type Dims = number | number[] | undefined

const over = (name: keyof typeof smooth, shape: number[], dims: Dims, keepDim = false): Case => ({
  name: `${name}: [${shape}] over ${dims === undefined ? 'all' : JSON.stringify(dims)}${keepDim ? ', kept' : ''}`,
  inputs: [{ shape }],
  op: (x) => smooth[name](x, dims, { keepDim }),
  reference: (x) => reference[name](x, dims, keepDim),
  differentiable: [0],
})

const extremes = { max, min }
const places = { max: argmax, min: argmin }

const along = (shape: number[], dim: number, values?: number[]): Case[] =>
  (['max', 'min'] as const).flatMap((name) => [
    {
      name: `${name}: [${shape}] along ${dim}${values ? `, ${values}` : ''}`,
      inputs: [{ shape, ...(values ? { values } : {}) }],
      op: (x) => extremes[name](x, dim).values,
      reference: (x) => reference[name](x, dim).values,
      ...(values ? {} : { differentiable: [0] }),
    },
    {
      name: `${name}: places, [${shape}] along ${dim}${values ? `, ${values}` : ''}`,
      inputs: [{ shape, ...(values ? { values } : {}) }],
      op: (x) => extremes[name](x, dim).indices,
      reference: (x) => reference[name](x, dim).indices,
    },
    {
      name: `arg${name}: [${shape}] along ${dim}${values ? `, ${values}` : ''}`,
      inputs: [{ shape, ...(values ? { values } : {}) }],
      op: (x) => places[name](x, dim),
      reference: (x) => reference[name](x, dim).indices,
    },
  ])

const whole = (name: 'max' | 'min'): Case[] => {
  const flat = (x: Dense) => reference[name]({ shape: [x.data.length], data: x.data }, 0)
  return [
    {
      name: `${name}: of all`,
      inputs: [{ shape: [2, 3, 4, 5] }],
      op: (x) => extremes[name](x),
      reference: (x) => flat(x).values,
      differentiable: [0],
    },
    {
      name: `arg${name}: over all`,
      inputs: [{ shape: [3, 5] }],
      op: (x) => places[name](x),
      reference: (x) => flat(x).indices,
    },
  ]
}

const cumulative = (shape: number[], dim: number): Case => ({
  name: `cumsum: [${shape}] along ${dim}`,
  inputs: [{ shape }],
  op: (x) => cumsum(x, dim),
  reference: (x) => reference.cumsum(x, dim),
  differentiable: [0],
})

export const cases: Case[] = [
  ...(['sum', 'mean'] as const).flatMap((name) => [
    over(name, [2, 3, 4, 5], undefined),
    over(name, [2, 3, 4, 5], undefined, true),
    ...[0, 1, 2, 3, -1].flatMap((dim) => [over(name, [2, 3, 4, 5], dim), over(name, [2, 3, 4, 5], dim, true)]),
    ...[
      [0, 1],
      [2, 3],
      [1, 3],
      [0, 2, 3],
      [3, 0],
      [0, 1, 2, 3],
      [-1, -2],
    ].flatMap((dims) => [over(name, [2, 5, 4, 3], dims), over(name, [2, 5, 4, 3], dims, true)]),
    over(name, [], undefined),
    over(name, [7], 0),
    over(name, [1], 0),
    over(name, [3, 1, 2], 1),
    over(name, [17, 33], 0),
    over(name, [17, 33], 1),
    over(name, [2, 3, 2, 2, 3], [1, 3]),
    over(name, [40001], 0),
    over(name, [190, 181], 0),
    over(name, [190, 181], 1),
    over(name, [2, 5, 60, 61], [0, 2, 3]),
    over(name, [3, 0], 0),
    over(name, [3, 4], []),
  ]),
  over('sum', [0, 3], 0),
  over('sum', [0], undefined),
  {
    name: 'sum: many small after one large',
    inputs: [{ shape: [20000], values: Array.from({ length: 20000 }, (_, i) => (i === 0 ? 1e4 : 0.1)) }],
    op: (x) => sum(x),
    reference: (x) => reference.sum(x),
    tolerance: { float32: 1e-6 },
  },
  ...[0, 1, -1].flatMap((dim) => along([3, 5], dim)),
  ...[0, 1, 2, 3].flatMap((dim) => along([2, 17, 3, 4], dim)),
  ...along([190, 181], 0),
  ...along([190, 181], 1),
  ...along([7], 0),
  ...along([0, 3], 1),
  ...along([2, 4], 1, [1, 3, 3, 2, 5, 5, 5, 5]),
  ...along([2, 3], 1, [1, NaN, 2, NaN, 5, NaN]),
  ...along([1, 3], 1, [-Infinity, -Infinity, -Infinity]),
  ...whole('max'),
  ...whole('min'),
  cumulative([5], 0),
  cumulative([3, 17], 1),
  ...[0, 1, 2, -1].map((dim) => cumulative([2, 3, 4, 5], dim)),
  cumulative([2, 2100], 1),
  cumulative([40, 300], 0),
  cumulative([0, 3], 1),
  cumulative([3, 0], 1),
]

const matrix = () => zeros([2, 3])

export const errors: ErrorCase[] = [
  ...Object.entries<(x: Tensor, dim: number) => unknown>({ sum, mean, max, min, argmax, argmin, cumsum }).flatMap(
    ([name, op]) => [
      { name: `${name}: dim 2 of 2`, run: () => op(matrix(), 2), error: shapeError(new RegExp(`${name}.*dim.*2`)) },
      { name: `${name}: dim −3 of 2`, run: () => op(matrix(), -3), error: shapeError(new RegExp(`${name}.*dim.*-3`)) },
      { name: `${name}: dim 0.5`, run: () => op(matrix(), 0.5), error: { message: new RegExp(`${name}.*dim.*0\\.5`) } },
    ],
  ),
  { name: 'sum: a dim twice', run: () => sum(matrix(), [1, -1]), error: { message: /sum.*dim/ } },
  { name: 'max: along an empty dim', run: () => max(zeros([2, 0]), 1), error: { message: /max.*\[2, 0\]/ } },
  { name: 'min: of nothing', run: () => min(tensor([])), error: { message: /min.*\[0\]/ } },
  { name: 'argmax: of nothing', run: () => argmax(tensor([])), error: { message: /argmax.*\[0\]/ } },
]
