import { logsumexp, norm, std, variance, type VarOptions, zeros } from 'convcore'
import * as reference from '../../reference/statistics.js'
import { type Case, type ErrorCase, type Input, shapeError } from '../case.js'

type Dims = number | number[] | undefined

const show = (x: Input, dims: Dims): string => `[${x.shape}] over ${dims === undefined ? 'all' : JSON.stringify(dims)}`

const spread = (shape: number[], dims: Dims, options: VarOptions = {}): Case[] =>
  Object.entries({ var: variance, std }).map(([name, op]) => ({
    name: `${name}: [${shape}] over ${JSON.stringify(dims)} ${JSON.stringify(options)}`,
    inputs: [{ shape }],
    op: (x) => op(x, dims, options),
    reference: (x) => reference[name as 'var'](x, dims, options),
    differentiable: [0],
  }))

const normed = (x: Input, p: number, dims?: Dims, keepDim = false): Case => ({
  name: `norm: ${p}, ${show(x, dims)}${keepDim ? ', kept' : ''}`,
  inputs: [x],
  op: (x) => norm(x, p, dims, { keepDim }),
  reference: (x) => reference.norm(x, p, dims, keepDim),
  ...(x.values ? {} : { differentiable: [0] }),
})

const summed = (x: Input, dims: number | number[]): Case => ({
  name: `logsumexp: ${show(x, dims)}`,
  inputs: [x],
  op: (x) => logsumexp(x, dims),
  reference: (x) => reference.logsumexp(x, dims),
  ...(x.values ? {} : { differentiable: [0] }),
})

const image = [2, 3, 4, 5]

export const cases: Case[] = [
  ...spread(image, undefined),
  ...spread(image, 1, { correction: 0 }),
  ...spread(image, [0, -1], { keepDim: true }),
  ...spread([17, 3], 0, { correction: 2.5 }),
  ...spread([0, 3], 1),
  {
    name: 'var: far from 0',
    inputs: [{ shape: [1000], range: [10000, 10001] }],
    op: (x) => variance(x),
    reference: (x) => reference.var(x, undefined, {}),
    tolerance: { float64: 1e-9, float32: 1e-2 },
  },
  {
    name: 'var: one element',
    inputs: [{ shape: [1, 2] }],
    op: (x) => variance(x, 0),
    reference: () => ({ shape: [2], data: Float64Array.of(NaN, NaN) }),
  },
  ...[1, 2, 3, 0.5, Infinity].map((p) => normed({ shape: image }, p, 1)),
  ...[1, 2, 2.5, Infinity, -Infinity].map((p) => normed({ shape: [3, 5] }, p, [0, 1], true)),
  normed({ shape: [7] }, 2),
  normed({ shape: [2, 3], values: [0, 0, 0, 3, 0, -4] }, 0, 1),
  normed({ shape: [2, 3], values: [0, 0, 0, 3, 0, -4] }, 2, 1),
  normed({ shape: [0, 3] }, 2, 1),
  normed({ shape: [3, 0] }, 1, 1),
  summed({ shape: image, range: [-4, 4] }, 1),
  summed({ shape: [3, 5] }, [0, 1]),
  summed({ shape: [3, 2], values: [1000, 1000, -1000, -1000, -Infinity, -Infinity] }, 1),
  summed({ shape: [0, 5] }, 1),
  {
    ...summed({ shape: [2, 1] }, 1),
    name: 'logsumexp: beyond float32',
    differentiable: undefined, // no step is small and still a difference there
    inputs: [{ shape: [2, 1], dtype: 'float64', values: [1e300, -1e300] }],
  },
]

const matrix = () => zeros([2, 3])

export const errors: ErrorCase[] = [
  { name: 'var: dim', run: () => variance(matrix(), 2), error: shapeError(/var.*dim.*2/) },
  { name: 'std: a dim twice', run: () => std(matrix(), [0, -2]), error: shapeError(/std.*once/) },
  {
    name: 'var: correction',
    run: () => variance(matrix(), 0, { correction: 'none' as unknown as number }),
    error: { name: 'TypeError', message: /var.*correction.*none/ },
  },
  { name: 'norm: dim', run: () => norm(matrix(), 2, 2), error: shapeError(/norm.*dim.*2/) },
  { name: 'norm: p', run: () => norm(matrix(), NaN), error: { name: 'TypeError', message: /norm.*p .*NaN/ } },
  { name: 'norm: of nothing', run: () => norm(zeros([0]), Infinity), error: shapeError(/norm.*Infinity.*\[0\]/) },
  { name: 'logsumexp: of nothing', run: () => logsumexp(zeros([2, 0]), 1), error: shapeError(/logsumexp.*\[2, 0\]/) },
]
