import {
  elu,
  gelu,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  maxout,
  prelu,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  tanh,
  type Tensor,
  zeros,
} from 'convcore'
import type { Dense } from '../../reference/array.js'
import * as reference from '../../reference/activation.js'
import { type Case, dtypeError, type ErrorCase, type Input, rangeError, shapeError } from '../case.js'

interface Activation {
  op: (x: Tensor) => Tensor
  reference: (x: Dense) => Dense
  /** How far the inputs go, so that all branches are met. */
  reach: number
}

const activations: Record<string, Activation> = {
  relu: { op: relu, reference: reference.relu, reach: 3 },
  sigmoid: { op: sigmoid, reference: reference.sigmoid, reach: 3 },
  tanh: { op: tanh, reference: reference.tanh, reach: 3 },
  relu6: { op: relu6, reference: reference.relu6, reach: 9 },
  hardtanh: { op: (x) => hardtanh(x), reference: (x) => reference.hardtanh(x), reach: 3 },
  'hardtanh: −0.5 to 2': {
    op: (x) => hardtanh(x, -0.5, 2),
    reference: (x) => reference.hardtanh(x, -0.5, 2),
    reach: 3,
  },
  hardsigmoid: { op: hardsigmoid, reference: reference.hardsigmoid, reach: 5 },
  hardswish: { op: hardswish, reference: reference.hardswish, reach: 5 },
  leakyRelu: { op: (x) => leakyRelu(x), reference: (x) => reference.leakyRelu(x), reach: 3 },
  'leakyRelu: slope 0.2': { op: (x) => leakyRelu(x, 0.2), reference: (x) => reference.leakyRelu(x, 0.2), reach: 3 },
  elu: { op: (x) => elu(x), reference: (x) => reference.elu(x), reach: 3 },
  'elu: alpha 1.5': { op: (x) => elu(x, 1.5), reference: (x) => reference.elu(x, 1.5), reach: 3 },
  selu: { op: selu, reference: reference.selu, reach: 3 },
  gelu: { op: (x) => gelu(x), reference: reference.gelu, reach: 6 },
  'gelu: tanh': { op: (x) => gelu(x, { approximate: 'tanh' }), reference: reference.geluTanh, reach: 4 },
  silu: { op: silu, reference: reference.silu, reach: 5 },
  softplus: { op: (x) => softplus(x), reference: (x) => reference.softplus(x), reach: 30 },
  'softplus: beta 2, threshold 3': {
    op: (x) => softplus(x, { beta: 2, threshold: 3 }),
    reference: (x) => reference.softplus(x, 2, 3),
    reach: 1.4, // below the threshold, at which the result jumps
  },
}

const shapes = [[], [17], [5, 33], [2, 3, 4, 5], [0, 3]]
const more = [[1], [2, 3, 5], [2, 1, 3, 2, 2], [110, 333]]
const special: Input = { shape: [6], values: [-Infinity, -1000, -0, 0, 1000, Infinity] }
const nan: Input = { shape: [2], values: [NaN, 1] }
/** Those whose product of a zero and an infinity at −∞ is NaN, as it is in PyTorch. */
const undefinedAtInfinity = ['gelu', 'silu', 'hardswish']
const large: Input = { shape: [4], values: [-1000, -0, 0, 1000] }

export const cases: Case[] = [
  ...Object.entries(activations).flatMap(([title, { reach, ...run }]): Case[] => {
    const name = title.includes(':') ? `${title},` : `${title}:`
    const limits = undefinedAtInfinity.some((op) => title.startsWith(op)) ? large : special
    return [
      ...[...shapes, ...(title === 'relu' || title === 'tanh' ? more : [])].map((shape) => ({
        name: `${name} [${shape}]`,
        inputs: [{ shape, range: [-reach, reach] } as const],
        differentiable: [0],
        ...run,
      })),
      { name: `${name} large values`, inputs: [limits], ...run },
      { name: `${name} NaN`, inputs: [nan], ...run },
    ]
  }),
  ...(
    [
      ['one weight', [2, 3, 4, 5], [1]],
      ['channels', [2, 3, 4, 5], [3]],
      ['17 channels', [2, 17], [17]],
      ['a vector', [7], [1]],
      ['empty', [0, 3, 2, 2], [3]],
    ] as const
  ).map(([title, shape, weight]): Case => ({
    name: `prelu: ${title}`,
    inputs: [{ shape }, { shape: weight, range: [0.1, 0.4] }],
    op: (x, weight) => prelu(x, weight),
    reference: (x, weight) => reference.prelu(x, weight),
    differentiable: [0, 1],
  })),
  ...(
    [
      [[2, 6], 3, 1],
      [[2, 6, 3, 3], 2, 1],
      [[4, 3], 2, 0],
      [[0, 4], 2, 1],
    ] as const
  ).map(([shape, pieces, dim]): Case => ({
    name: `maxout: [${shape}], ${pieces} pieces along ${dim}`,
    inputs: [{ shape }],
    op: (x) => maxout(x, pieces, dim),
    reference: (x) => reference.maxout(x, pieces, dim),
    differentiable: [0],
  })),
]

const wrong = 'steep' as unknown as number

export const errors: ErrorCase[] = [
  {
    name: 'maxout: channels that do not divide',
    run: () => maxout(zeros([2, 5]), 2),
    error: shapeError(/maxout: expected dimension 1 divisible by 2 pieces, got 5/),
  },
  { name: 'maxout: no pieces', run: () => maxout(zeros([2, 4]), 0), error: rangeError(/maxout.*pieces.*0/) },
  {
    name: 'prelu: weights that do not fit',
    run: () => prelu(zeros([2, 3]), zeros([4])),
    error: shapeError(/prelu: expected weight of shape \[3\], got \[4\]/),
  },
  {
    name: 'prelu: weights of a vector',
    run: () => prelu(zeros([3]), zeros([3])),
    error: shapeError(/prelu: expected x of shape \[N, C, …\], got \[3\]/),
  },
  {
    name: 'prelu: mixed dtypes',
    run: () => prelu(zeros([2, 3]), zeros([3], { dtype: 'float64' })),
    error: dtypeError(/prelu.*float32.*float64/),
  },
  {
    name: 'gelu: another approximation',
    run: () => gelu(zeros([2]), { approximate: 'exact' as 'none' }),
    error: rangeError(/gelu: expected approximate 'none' or 'tanh', got "exact"/),
  },
  { name: 'softplus: beta 0', run: () => softplus(zeros([2]), { beta: 0 }), error: rangeError(/softplus.*beta.*0/) },
  ...Object.entries({
    leakyRelu: () => leakyRelu(zeros([2]), wrong),
    elu: () => elu(zeros([2]), wrong),
    hardtanh: () => hardtanh(zeros([2]), NaN),
    softplus: () => softplus(zeros([2]), { beta: wrong }),
  }).map(([name, run]) => ({
    name: `${name}: no number`,
    run,
    error: { name: 'TypeError', message: new RegExp(`${name}: expected .* to be a number`) },
  })),
]
