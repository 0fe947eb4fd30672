import { add, div, eq, mul, neg, sub, zeros } from 'convcore'
import { map } from '../../reference/array.js'
import * as reference from '../../reference/elementwise.js'
import { type Case, dtypeError, type ErrorCase, shapeError } from '../case.js'

const smooth = { add, sub, mul, div }
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

const large: [string, number[], number[]][] = [
  ['several jobs', [4, 3, 55, 51], [4, 3, 55, 51]],
  ['several jobs, channels', [4, 3, 55, 51], [1, 3, 1, 1]],
  ['several jobs, rows', [190, 181], [181]],
  ['several jobs, columns', [190, 181], [190, 1]],
]

const binary = (name: Smooth, sizes = pairs): Case[] =>
  sizes.map(([title, a, b]) => ({
    name: `${name}: ${title}`,
    inputs: [{ shape: a }, { shape: b, range: [0.5, 2] }],
    op: (x, y) => smooth[name](x, y),
    reference: (x, y) => reference[name](x, y),
    differentiable: [0, 1],
  }))

const withNumber = (name: Smooth): Case[] => [
  {
    name: `${name}: a number behind`,
    inputs: [{ shape: [2, 3, 4, 5] }],
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

const integers = [1, 2, 3, 2, 1, 0]

export const cases: Case[] = [
  ...(Object.keys(smooth) as Smooth[]).flatMap((name) => [...binary(name), ...withNumber(name)]),
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
  ...[[], [17], [2, 3, 4, 5], [0, 3]].map((shape): Case => ({
    name: `neg: [${shape}]`,
    inputs: [{ shape }],
    op: (x) => neg(x),
    reference: (x) => map(x, (v) => -v),
    differentiable: [0],
  })),
  ...(['float64', 'int32', 'uint8'] as const).map((dtype): Case => ({
    name: `eq: ${dtype}`,
    inputs: [
      { shape: [2, 3], dtype, values: integers },
      { shape: [3], dtype, values: [1, 0, 3] },
    ],
    op: (x, y) => eq(x, y),
    reference: (x, y) => reference.eq(x, y),
  })),
  {
    name: 'eq: NaN equals nothing',
    inputs: [
      { shape: [3], values: [NaN, Infinity, 0] },
      { shape: [3], values: [NaN, Infinity, -0] },
    ],
    op: (x, y) => eq(x, y),
    reference: (x, y) => reference.eq(x, y),
  },
  {
    name: 'eq: a number',
    inputs: [{ shape: [2, 3, 1, 1], values: integers }],
    op: (x) => eq(x, 2),
    reference: (x) => reference.eq(x, reference.scalar(2)),
  },
]

export const takeNumbers = ['add', 'sub', 'mul', 'div', 'eq']
export const takeAnyDType = ['eq']

export const errors: ErrorCase[] = Object.entries({ ...smooth, eq }).flatMap(([name, op]) => [
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
