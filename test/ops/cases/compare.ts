import { eq, ge, gt, le, lt, ne, tensor, where, zeros } from 'convcore'
import * as reference from '../../reference/compare.js'
import { scalar } from '../../reference/elementwise.js'
import { type Case, dtypeError, type ErrorCase, type Input, rangeError, shapeError } from '../case.js'

const comparisons = { eq, ne, lt, le, gt, ge }
type Comparison = keyof typeof comparisons

const integers = [1, 2, 3, 2, 1, 0]

const compared = (name: Comparison, title: string, a: Input, b: Input): Case => ({
  name: `${name}: ${title}`,
  inputs: [a, b],
  op: (x, y) => comparisons[name](x, y),
  reference: (x, y) => reference[name](x, y),
})

const chosen = (title: string, condition: readonly number[], a: readonly number[], b: readonly number[]): Case => ({
  name: `where: ${title}`,
  inputs: [{ shape: condition, dtype: 'uint8', range: [0, 2] }, { shape: a }, { shape: b }],
  op: (condition, x, y) => where(condition, x, y),
  reference: (condition, x, y) => reference.where(condition, x, y),
  differentiable: [1, 2],
})

export const cases: Case[] = [
  ...(Object.keys(comparisons) as Comparison[]).flatMap((name): Case[] => [
    ...(['float64', 'int32', 'uint8'] as const).map((dtype) =>
      compared(name, dtype, { shape: [2, 3], dtype, values: integers }, { shape: [3], dtype, values: [1, 0, 3] }),
    ),
    compared(name, 'images and channels', { shape: [2, 3, 4, 5] }, { shape: [3, 1, 1] }),
    compared(name, 'empty', { shape: [0, 3] }, { shape: [3] }),
    compared(
      name,
      'NaN and infinity',
      { shape: [4], values: [NaN, Infinity, 0, -Infinity] },
      { shape: [4], values: [NaN, Infinity, -0, 1] },
    ),
    {
      name: `${name}: a number`,
      inputs: [{ shape: [2, 3, 1, 1], values: integers }],
      op: (x) => comparisons[name](x, 2),
      reference: (x) => reference[name](x, scalar(2)),
    },
  ]),
  ...(Object.keys(comparisons) as Comparison[]).flatMap((name) =>
    [-1e10, -0.5, 0, 0.5, 2.5, 255.5, 256, 1e10, Infinity, NaN].flatMap((value) =>
      (['int32', 'uint8'] as const).flatMap((dtype): Case[] => [
        {
          name: `${name}: ${dtype} and ${value}`,
          inputs: [{ shape: [4], dtype, values: [0, 1, 3, 255] }],
          op: (x) => comparisons[name](x, value),
          reference: (x) => reference[name](x, scalar(value)),
        },
        {
          name: `${name}: ${value} and ${dtype}`,
          inputs: [{ shape: [4], dtype, values: [0, 1, 3, 255] }],
          op: (x) => comparisons[name](value, x),
          reference: (x) => reference[name](scalar(value), x),
        },
      ]),
    ),
  ),
  chosen('one shape', [2, 3, 4, 5], [2, 3, 4, 5], [2, 3, 4, 5]),
  chosen('a scalar', [17], [17], []),
  chosen('channels', [2, 3, 4, 4], [3, 1, 1], [2, 1, 4, 4]),
  chosen('a condition that is repeated', [4], [3, 4], [3, 1]),
  chosen('a condition that repeats', [2, 3, 4], [3, 1], []),
  chosen('empty', [0, 3], [3], [1]),
  {
    name: 'where: a number',
    inputs: [{ shape: [6], dtype: 'uint8', values: integers }, { shape: [6] }],
    op: (condition, x) => where(condition, x, -1),
    reference: (condition, x) => reference.where(condition, x, scalar(-1)),
    differentiable: [1],
  },
  ...(['int32', 'uint8'] as const).map((dtype): Case => ({
    name: `where: ${dtype}`,
    inputs: [
      { shape: [6], dtype: 'uint8', values: integers },
      { shape: [6], dtype, values: integers },
      { shape: [1], dtype, values: [9] },
    ],
    op: (condition, x, y) => where(condition, x, y),
    reference: (condition, x, y) => reference.where(condition, x, y),
  })),
  {
    name: 'where: what is not chosen may be NaN',
    inputs: [
      { shape: [2], dtype: 'uint8', values: [1, 0] },
      { shape: [2], values: [1, NaN] },
      { shape: [2], values: [NaN, 2] },
    ],
    op: (condition, x, y) => where(condition, x, y),
    reference: (condition, x, y) => reference.where(condition, x, y),
  },
]

export const takeNumbers = [...Object.keys(comparisons), 'where']
export const takeAnyDType = [...Object.keys(comparisons), 'where']

export const errors: ErrorCase[] = [
  ...Object.entries(comparisons).flatMap(([name, op]) => [
    {
      name: `${name}: shapes that do not broadcast`,
      run: () => op(zeros([2, 3]), zeros([4])),
      error: shapeError(new RegExp(`${name}.*\\[2, 3\\].*\\[4\\]`)),
    },
    {
      name: `${name}: mixed dtypes`,
      run: () => op(zeros([2]), zeros([2], { dtype: 'float64' })),
      error: dtypeError(new RegExp(`${name}.*float32.*float64`)),
    },
  ]),
  ...[0.5, -1, 256, NaN].map((value) => ({
    name: `where: ${value} beside uint8`,
    run: () => where(tensor([1], { dtype: 'uint8' }), value, tensor([1], { dtype: 'uint8' })),
    error: rangeError(new RegExp(`where: expected a.*0 to 255, got ${value}`)),
  })),
  {
    name: 'where: a condition of floats',
    run: () => where(zeros([2]), zeros([2]), zeros([2])),
    error: dtypeError(/where: expected condition of dtype uint8, got float32/),
  },
  {
    name: 'where: mixed dtypes',
    run: () => where(tensor([1], { dtype: 'uint8' }), zeros([1]), zeros([1], { dtype: 'int32' })),
    error: dtypeError(/where: expected b of dtype float32 as a, got int32/),
  },
  {
    name: 'where: shapes that do not broadcast',
    run: () => where(tensor([1, 0], { dtype: 'uint8' }), zeros([3]), zeros([1])),
    error: shapeError(/where.*\[3\].*\[2\]/),
  },
]
