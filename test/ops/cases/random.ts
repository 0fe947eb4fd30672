import { dropout, Generator, normal_, uniform_, zeros } from 'convcore'
import * as reference from '../../reference/random.js'
import { type Case, type ErrorCase } from '../case.js'

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

export const cases: Case[] = [
  ...shapes.flatMap((shape) => drawn(`[${shape}]`, shape, 7)),
  ...drawn('several jobs', [17003], 7),
  ...dropped([2, 3, 50, 51], 0.25, 7),
  ...seeds.flatMap((seed) => drawn(`seed ${seed}`, [9], seed)),
  ...shapes.flatMap((shape) => dropped(shape, 0.25, 7)),
  ...seeds.flatMap((seed) => dropped([9], 0.5, seed)),
  ...dropped([2, 3, 4, 5], 0, 7),
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

const refuses = (p: number): ErrorCase => ({
  name: `dropout: p ${p}`,
  run: () => dropout(zeros([2]), p),
  error: { name: 'RangeError', message: new RegExp(`dropout: expected .*got ${p}`) },
})

export const errors: ErrorCase[] = [refuses(-0.1), refuses(1.1), refuses(NaN)]
