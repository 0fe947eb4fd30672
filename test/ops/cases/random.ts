import {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  featureDropout,
  Generator,
  normal_,
  uniform_,
  zeros,
} from 'convcore'
import * as reference from '../../reference/random.js'
import { type Case, type ErrorCase, shapeError } from '../case.js'

const seeds = [0, 7, 2 ** 53 - 1]
const shapes = [[], [5], [2, 3, 4, 5], [1, 17, 3, 3], [0, 3], [1031]]
const floats = ['float32', 'float64'] as const

const drawn = (title: string, shape: number[], seed: number): Case[] =>
  floats.flatMap((dtype): Case[] => [
    {
      name: `uniform_: ${title}, ${dtype}`,
      inputs: [{ shape, dtype }],
      op: (x) => uniform_(x, -2, 3, new Generator(seed)),
      reference: () => reference.uniform(shape, seed, -2, 3, dtype),
      inPlace: [0],
    },
    {
      name: `normal_: ${title}, ${dtype}`,
      inputs: [{ shape, dtype }],
      op: (x) => normal_(x, 1, 0.5, new Generator(seed)),
      reference: () => reference.normal(shape, seed, 1, 0.5, dtype),
      inPlace: [0],
    },
  ])

const dropped = (shape: number[], p: number, seed: number): Case[] =>
  floats.map((dtype) => ({
    name: `dropout: [${shape}], p ${p}, seed ${seed}, ${dtype}`,
    inputs: [{ shape, dtype }],
    op: (x) => dropout(x, p, { generator: new Generator(seed) }),
    reference: (x) => reference.dropout(x, p, seed, dtype),
    ...(dtype === 'float64' ? { differentiable: [0] } : {}),
  }))

type Drop = typeof dropout

const variant = (op: Drop, want: typeof reference.featureDropout, shape: number[]): Case[] =>
  floats.map((dtype) => ({
    name: `${op.name}: [${shape}], ${dtype}`,
    inputs: [{ shape, dtype }],
    op: (x) => op(x, 0.25, { generator: new Generator(7) }),
    reference: (x) => want(x, 0.25, 7, dtype),
    ...(dtype === 'float64' ? { differentiable: [0] } : {}),
  }))

export const cases: Case[] = [
  ...shapes.flatMap((shape) => drawn(`[${shape}]`, shape, 7)),
  ...drawn('several jobs', [17003], 7),
  ...dropped([2, 3, 50, 51], 0.25, 7),
  ...seeds.flatMap((seed) => drawn(`seed ${seed}`, [9], seed)),
  ...shapes.flatMap((shape) => dropped(shape, 0.25, 7)),
  ...seeds.flatMap((seed) => dropped([9], 0.5, seed)),
  ...dropped([2, 3, 4, 5], 0, 7),
  ...variant(featureDropout, reference.featureDropout, [5, 17]),
  ...variant(featureDropout, reference.featureDropout, [0, 3, 2]),
  ...variant(dropout1d, reference.featureDropout, [3, 5, 4]),
  ...variant(dropout2d, reference.featureDropout, [2, 17, 2, 3]),
  ...variant(dropout3d, reference.featureDropout, [2, 5, 2, 1, 3]),
  ...variant(alphaDropout, reference.alphaDropout, [2, 3, 4, 5]),
  {
    name: 'dropout2d: not training',
    inputs: [{ shape: [2, 3, 4, 5] }],
    op: (x) => dropout2d(x, 0.5, { training: false }),
    reference: (x) => x,
    differentiable: [0],
  },
  {
    name: 'alphaDropout: everything',
    inputs: [{ shape: [2, 3, 4, 5] }],
    op: (x) => alphaDropout(x, 1),
    reference: (x) => ({ shape: x.shape, data: x.data.map(() => 0) }),
  },
  {
    name: 'dropout: not training',
    inputs: [{ shape: [2, 3, 4, 5] }],
    op: (x) => dropout(x, 0.5, { training: false }),
    reference: (x) => x,
    differentiable: [0],
  },
  {
    name: 'dropout: everything',
    inputs: [{ shape: [2, 3, 4, 5] }],
    op: (x) => dropout(x, 1),
    reference: (x) => ({ shape: x.shape, data: x.data.map(() => 0) }),
  },
]

const refuses = (op: Drop, p: number): ErrorCase => ({
  name: `${op.name}: p ${p}`,
  run: () => op(zeros([2, 2, 2, 2]), p),
  error: { name: 'RangeError', message: new RegExp(`${op.name}: expected .*got ${p}`) },
})
const wrongRank = (op: Drop): ErrorCase => ({
  name: `${op.name}: rank`,
  run: () => op(zeros([2])),
  error: shapeError(new RegExp(`${op.name}: expected x of shape .*got \\[2\\]`)),
})

export const errors: ErrorCase[] = [
  ...[-0.1, 1.1, NaN].map((p) => refuses(dropout, p)),
  ...[featureDropout, dropout2d, alphaDropout].map((op) => refuses(op, 1.5)),
  ...[featureDropout, dropout1d, dropout2d, dropout3d].map(wrongRank),
]
