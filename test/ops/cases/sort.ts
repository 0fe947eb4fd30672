import { argsort, sort, type SortOptions, topk, type TopkOptions, zeros } from 'convcore'
import * as reference from '../../reference/sort.js'
import { type Case, type ErrorCase, type Input, rangeError, shapeError } from '../case.js'

const ordered = (x: Input, dim: number, options: SortOptions = {}, note = ''): Case[] => {
  const name = `[${x.shape}] along ${dim}${options.descending ? ', descending' : ''}${note}`
  const descending = options.descending === true
  return [
    {
      name: `sort: ${name}`,
      inputs: [x],
      op: (x) => sort(x, dim, options).values,
      reference: (x) => reference.sort(x, dim, descending).values,
      ...(x.values ? {} : { differentiable: [0] }),
    },
    {
      name: `sort: places, ${name}`,
      inputs: [x],
      op: (x) => sort(x, dim, options).indices,
      reference: (x) => reference.sort(x, dim, descending).indices,
    },
  ]
}

const top = (x: Input, k: number, dim: number, options: TopkOptions = {}, note = ''): Case[] => {
  const name = `${k} of [${x.shape}] along ${dim}${options.largest === false ? ', least' : ''}${note}`
  const descending = options.largest !== false
  return [
    {
      name: `topk: ${name}`,
      inputs: [x],
      op: (x) => topk(x, k, dim, options).values,
      reference: (x) => reference.first(reference.sort(x, dim, descending).values, dim, k),
      ...(x.values ? {} : { differentiable: [0] }),
    },
    {
      name: `topk: places, ${name}`,
      inputs: [x],
      op: (x) => topk(x, k, dim, options).indices,
      reference: (x) => reference.first(reference.sort(x, dim, descending).indices, dim, k),
    },
  ]
}

const image = [2, 3, 4, 5]
const down = { descending: true }
const odd: Input = { shape: [8], values: [3, NaN, -0, 0, -Infinity, NaN, 3, Infinity] }
const ties: Input = { shape: [2, 40], values: Array.from({ length: 80 }, (_, i) => (i * i) % 5) }

export const cases: Case[] = [
  ...ordered({ shape: [7] }, 0),
  ...ordered({ shape: [3, 17] }, 1, down),
  ...[0, 1, 2].flatMap((dim) => ordered({ shape: image }, dim)),
  ...ordered({ shape: image }, -1, down),
  ...ordered({ shape: [] }, -1),
  ...ordered({ shape: [0, 3] }, 1),
  ...ordered({ shape: [3, 0] }, 1),
  ...ordered(odd, 0, {}, ', NaN'),
  ...ordered(odd, 0, down, ', NaN'),
  ...ordered(ties, 1, {}, ', ties'),
  ...ordered(ties, 1, down, ', ties'),
  ...ordered({ shape: [2, 1300] }, 1),
  ...ordered({ shape: [2500, 2] }, 0, down),
  ...ordered({ shape: [5], dtype: 'int32', values: [4, -7, 2147483647, -2147483648, 4] }, 0, {}, ', int32'),
  ...ordered({ shape: [4], dtype: 'uint8', values: [4, 255, 0, 4] }, 0, down, ', uint8'),
  {
    name: 'argsort: the last dimension',
    inputs: [{ shape: [3, 5] }],
    op: (x) => argsort(x),
    reference: (x) => reference.sort(x, 1, false).indices,
  },
  ...top({ shape: [3, 17] }, 5, 1),
  ...top({ shape: image }, 2, 1, { largest: false }),
  ...top({ shape: [2, 3000] }, 40, 1),
  ...top({ shape: [4] }, 0, 0),
  ...top({ shape: [4] }, 4, 0),
  ...top({ shape: [0, 4] }, 2, 1),
  ...top(odd, 4, 0, {}, ', NaN'),
  ...top(ties, 9, 1, {}, ', ties'),
]

export const takeAnyDType = ['sort', 'argsort', 'topk']

const matrix = () => zeros([2, 3])

export const errors: ErrorCase[] = [
  { name: 'sort: dim', run: () => sort(matrix(), 2), error: shapeError(/sort.*dim.*2/) },
  { name: 'argsort: dim', run: () => argsort(matrix(), -3), error: shapeError(/argsort.*dim.*-3/) },
  { name: 'topk: dim', run: () => topk(matrix(), 1, 2), error: shapeError(/topk.*dim.*2/) },
  { name: 'topk: k too large', run: () => topk(matrix(), 4), error: rangeError(/topk.*k.*0 to 3.*4/) },
  { name: 'topk: k negative', run: () => topk(matrix(), -1), error: rangeError(/topk.*k.*-1/) },
  { name: 'topk: k a fraction', run: () => topk(matrix(), 0.5), error: rangeError(/topk.*k.*0\.5/) },
]
