import { cat, chunk, slice, split, type Tensor, unbind, zeros } from 'convcore'
import { cat as joined } from '../../reference/join.js'
import * as reference from '../../reference/slice.js'
import { type Case, type ErrorCase, rangeError, shapeError } from '../case.js'

const sliced = (shape: number[], dim: number, start: number, end: number, step = 1): Case => ({
  name: `slice: [${shape}] along ${dim} from ${start} to ${end}, step ${step}`,
  inputs: [{ shape }],
  op: (x) => slice(x, dim, start, end, step),
  reference: (x) => reference.slice(x, dim, start, end, step),
  differentiable: [0],
})

/** The parts of x along a dimension, joined again with the last one first. */
const cut = (op: string, shape: number[], dim: number, sizes: number[], parts: (x: Tensor) => Tensor[]): Case => ({
  name: `${op}: [${shape}] along ${dim} into ${sizes}`,
  inputs: [{ shape }],
  op: (x) => cat(parts(x).reverse(), dim),
  reference: (x) => {
    const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((a, b) => a + b, 0))
    return joined(ends.map((end, i) => reference.slice(x, dim, end - sizes[i]!, end)).reverse(), dim)
  },
  differentiable: [0],
})

const image = [2, 3, 4, 5]

export const cases: Case[] = [
  ...[0, 1, 2, 3, -1].map((dim) => sliced([3, 3, 4, 5], dim, 1, 3)),
  sliced([3, 200, 100], 1, 7, 190),
  sliced([17, 5], 0, 3, 17),
  sliced([17, 5], 1, 1, 4),
  sliced(image, 1, 0, 3),
  sliced([7], 0, 2, 2),
  sliced([2, 7], 1, -3, -1),
  sliced([5, 3], 0, -2, 9),
  sliced([5, 3], 0, 3, 1),
  sliced([5, 3], 0, 1, 2),
  sliced([3, 3, 4, 5], 1, 0, 3, 2),
  sliced([3, 3, 4, 5], 3, -4, 5, 3),
  sliced([17, 5], 0, 1, 17, 4),
  sliced([7], 0, 2, 3, 9),
  sliced([0, 4], 1, 0, 4, 2),
  cut('split', [5, 3], 0, [2, 2, 1], (x) => split(x, 2)),
  cut('split', image, 1, [1, 2], (x) => split(x, [1, 2], 1)),
  cut('split', image, -1, [2, 0, 3], (x) => split(x, [2, 0, 3], -1)),
  cut('split', [0, 3], 0, [0], (x) => split(x, 4)),
  cut('chunk', [7, 2], 0, [3, 3, 1], (x) => chunk(x, 3)),
  cut('chunk', image, 2, [1, 1, 1, 1], (x) => chunk(x, 6, 2)),
  cut('chunk', [0, 2], 0, [0, 0], (x) => chunk(x, 2)),
  {
    name: 'unbind: images along 1',
    inputs: [{ shape: image }],
    op: (x) => unbind(x, 1)[2]!,
    reference: (x) => ({ shape: [2, 4, 5], data: reference.slice(x, 1, 2, 3).data }),
    differentiable: [0],
  },
  {
    name: 'unbind: a vector',
    inputs: [{ shape: [3] }],
    op: (x) => unbind(x)[1]!,
    reference: (x) => ({ shape: [], data: x.data.slice(1, 2) }),
    differentiable: [0],
  },
]

export const takeAnyDType = ['slice', 'split', 'chunk', 'unbind']

const matrix = () => zeros([2, 3])

export const errors: ErrorCase[] = [
  { name: 'slice: dim', run: () => slice(matrix(), 2, 0, 1), error: shapeError(/slice.*dim.*2/) },
  { name: 'slice: fraction', run: () => slice(matrix(), 1, 0.5, 1), error: { message: /slice.*0\.5/ } },
  {
    name: 'slice: step 0',
    run: () => slice(matrix(), 1, 0, 1, 0),
    error: rangeError(/slice: expected step to be a positive integer, got 0/),
  },
  { name: 'slice: step −1', run: () => slice(matrix(), 1, 0, 1, -1), error: rangeError(/slice.*step.*-1/) },
  { name: 'split: dim', run: () => split(matrix(), 1, 2), error: shapeError(/split.*dim.*2/) },
  { name: 'split: size 0', run: () => split(matrix(), 0), error: rangeError(/split.*size.*0/) },
  { name: 'split: sizes', run: () => split(matrix(), [1, 2]), error: shapeError(/split.*add up to 2.*\[1, 2\]/) },
  { name: 'split: size −1', run: () => split(matrix(), [3, -1]), error: rangeError(/split.*sizes\[1\].*-1/) },
  { name: 'chunk: no chunks', run: () => chunk(matrix(), 0), error: rangeError(/chunk.*chunks.*0/) },
  { name: 'unbind: dim', run: () => unbind(matrix(), 2), error: shapeError(/unbind.*dim.*2/) },
]
