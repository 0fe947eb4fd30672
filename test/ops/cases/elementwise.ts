import { add, div, maximum, minimum, mul, pow, sub, zeros } from 'convcore'
import * as reference from '../../reference/elementwise.js'
import { type Case, dtypeError, type ErrorCase, shapeError } from '../case.js'

const smooth = { add, sub, mul, div, pow, maximum, minimum }
type Smooth = keyof typeof smooth

const pairs: [string, number[], number[]][] = [
  ['one shape', [2, 3, 4], [2, 3, 4]],
  ['rank 4', [2, 3, 4, 5], [2, 3, 4, 5]],
  ['scalars', [], []],
  ['tensor and scalar', [2, 3], []],
  ['scalar and image', [], [2, 3, 4, 5]],
  ['one element and tensor', [1], [3, 4]],
  ['row', [3, 4], [4]],
  ['column', [3, 4], [3, 1]],
  ['column and row', [3, 1], [1, 4]],
  ['row and column of another rank', [17], [5, 1]],
  ['rank 4 and rank 2', [2, 3, 4, 5], [4, 5]],
  ['rank 4 and rank 3', [2, 3, 4, 5], [3, 1, 1]],
  ['channels', [2, 17, 3, 4], [1, 17, 1, 1]],
  ['channels of each image', [2, 5, 3, 4], [2, 5, 1, 1]],
  ['one channel', [2, 5, 3, 4], [2, 1, 3, 4]],
  ['columns of an image', [2, 3, 4, 5], [1, 1, 1, 5]],
  ['both stretch', [2, 1, 4, 1], [1, 3, 1, 5]],
  ['middle', [2, 3, 4], [2, 1, 4]],
  ['rank 6', [2, 1, 2, 1, 3, 1], [1, 2, 1, 2, 1, 3]],
  ['empty', [0, 3], [0, 3]],
  ['empty and row', [0, 3], [3]],
  ['empty and one', [2, 0], [2, 1]],
  ['33 elements', [33], [33]],
]

const few = pairs.filter(([title]) =>
  ['one shape', 'tensor and scalar', 'channels', 'both stretch', 'empty'].includes(title),
)

const large: [string, number[], number[]][] = [
  ['several jobs', [4, 3, 55, 51], [4, 3, 55, 51]],
  ['several jobs, channels', [4, 3, 55, 51], [1, 3, 1, 1]],
  ['several jobs, rows', [190, 181], [181]],
  ['several jobs, columns', [190, 181], [190, 1]],
]

/** pow takes positive bases; its gradient is not defined elsewhere. */
const first = (name: Smooth, shape: number[]) => ({ shape, ...(name === 'pow' ? { range: [0.3, 2] as const } : {}) })

const binary = (name: Smooth, sizes = pairs): Case[] =>
  sizes.map(([title, a, b]) => ({
    name: `${name}: ${title}`,
    inputs: [first(name, a), { shape: b, range: [0.5, 2] }],
    op: (x, y) => smooth[name](x, y),
    reference: (x, y) => reference[name](x, y),
    differentiable: [0, 1],
  }))

const withNumber = (name: Smooth): Case[] => [
  {
    name: `${name}: a number behind`,
    inputs: [first(name, [2, 3, 4, 5])],
    op: (x) => smooth[name](x, 2.5),
    reference: (x) => reference[name](x, reference.scalar(2.5)),
    differentiable: [0],
  },
  {
    name: `${name}: a number before`,
    inputs: [{ shape: [2, 3, 4, 5], range: [0.5, 2] }],
    op: (x) => smooth[name](2.5, x),
    reference: (x) => reference[name](reference.scalar(2.5), x),
    differentiable: [0],
  },
]

export const cases: Case[] = [
  ...(['add', 'sub', 'mul', 'div'] as const).flatMap((name) => [...binary(name), ...withNumber(name)]),
  // They broadcast as the others do.
  ...(['pow', 'maximum', 'minimum'] as const).flatMap((name) => [...binary(name, few), ...withNumber(name)]),
  ...binary('add', large),
  {
    name: 'mul: a tensor by itself',
    inputs: [{ shape: [2, 3, 4, 5] }],
    op: (x) => mul(x, x),
    reference: (x) => reference.mul(x, x),
    differentiable: [0],
  },
  {
    name: 'div: by zero',
    inputs: [
      { shape: [3], values: [1, -1, 0] },
      { shape: [], values: [0] },
    ],
    op: (x, y) => div(x, y),
    reference: (x, y) => reference.div(x, y),
  },
  ...(['maximum', 'minimum'] as const).map((name): Case => ({
    name: `${name}: ties, infinity and NaN`,
    inputs: [
      { shape: [6], values: [1, -Infinity, Infinity, NaN, 1, NaN] },
      { shape: [6], values: [1, 0, 2, 1, NaN, NaN] },
    ],
    op: (x, y) => smooth[name](x, y),
    reference: (x, y) => reference[name](x, y),
  })),
  {
    name: 'pow: zeros, negative bases, large exponents',
    inputs: [
      { shape: [8], values: [0, 0, 0, -2, -2, -2, 2, 2] },
      { shape: [8], values: [0, 2, -1, 3, -2, 0.5, 100, -100] },
    ],
    op: (x, y) => pow(x, y),
    reference: (x, y) => reference.pow(x, y),
  },
  {
    name: 'pow: whole exponents of negative bases',
    inputs: [{ shape: [2, 3, 4, 5] }],
    op: (x) => pow(x, 3),
    reference: (x) => reference.pow(x, reference.scalar(3)),
    differentiable: [0],
  },
]

export const takeNumbers = Object.keys(smooth)

export const errors: ErrorCase[] = Object.entries(smooth).flatMap(([name, op]) => [
  {
    name: `${name}: shapes that do not broadcast`,
    run: () => op(zeros([2, 3]), zeros([4])),
    error: shapeError(new RegExp(`${name}.*\\[2, 3\\].*\\[4\\]`)),
  },
  {
    name: `${name}: channels that do not broadcast`,
    run: () => op(zeros([2, 3, 4, 4]), zeros([1, 4, 1, 1])),
    error: shapeError(new RegExp(`${name}.*\\[2, 3, 4, 4\\].*\\[1, 4, 1, 1\\]`)),
  },
  {
    name: `${name}: mixed dtypes`,
    run: () => op(zeros([2]), zeros([2], { dtype: 'float64' })),
    error: dtypeError(new RegExp(`${name}.*float32.*float64|${name}.*float64.*float32`)),
  },
])
