import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool1dWithIndices,
  adaptiveMaxPool2d,
  adaptiveMaxPool2dWithIndices,
  adaptiveMaxPool3d,
  adaptiveMaxPool3dWithIndices,
  type Tensor,
  zeros,
} from 'convcore'
import * as reference from '../../reference/pool.js'
import { type Case, type ErrorCase, rangeError, shapeError } from '../case.js'

type Sizes = number | null | (number | null | undefined)[]

const ops = {
  1: [adaptiveAvgPool1d, adaptiveMaxPool1d, adaptiveMaxPool1dWithIndices],
  2: [adaptiveAvgPool2d, adaptiveMaxPool2d, adaptiveMaxPool2dWithIndices],
  3: [adaptiveAvgPool3d, adaptiveMaxPool3d, adaptiveMaxPool3dWithIndices],
} as const

/** One case of each of the adaptive poolings of inputs of one rank. */
function adaptive(name: string, shape: readonly number[], outputs: Sizes): Case[] {
  const rank = (shape.length - 2) as 1 | 2 | 3
  const [average, largest, withIndices] = ops[rank] as unknown as [
    (x: Tensor, outputs: Sizes) => Tensor,
    (x: Tensor, outputs: Sizes) => Tensor,
    (x: Tensor, outputs: Sizes) => { indices: Tensor },
  ]
  const each = Array.from({ length: rank }, (_, i) => (Array.isArray(outputs) ? (outputs[i] ?? null) : outputs))
  return [
    {
      name: `adaptiveAvgPool${rank}d: ${name}`,
      inputs: [{ shape }],
      op: (x) => average(x, outputs),
      reference: (x) => reference.adaptiveAvgPool(x, each),
      differentiable: [0],
    },
    {
      name: `adaptiveMaxPool${rank}d: ${name}`,
      inputs: [{ shape }],
      op: (x) => largest(x, outputs),
      reference: (x) => reference.adaptiveMaxPool(x, each).values,
      differentiable: [0],
    },
    {
      name: `adaptiveMaxPool${rank}d: with indices, ${name}`,
      inputs: [{ shape }],
      op: (x) => withIndices(x, outputs).indices,
      reference: (x) => reference.adaptiveMaxPool(x, each).indices,
    },
  ]
}

export const cases: Case[] = [
  ...adaptive('7 to 3', [2, 3, 7], 3),
  ...adaptive('4 to 6, 17 channels', [1, 17, 4], 6),
  ...adaptive('all', [2, 3, 5], 1),
  ...adaptive('5×7 to 3×3', [2, 3, 5, 7], 3),
  ...adaptive('6×4 to 2×4, 17 channels', [1, 17, 6, 4], [2, 4]),
  ...adaptive('3×2 to 5×3, more than there are', [1, 5, 3, 2], [5, 3]),
  ...adaptive('a side kept with null', [1, 2, 5, 4], [null, 3]),
  ...adaptive('a side kept with undefined', [1, 2, 5, 4], [2, undefined]),
  ...adaptive('both sides kept', [1, 2, 3, 4], null),
  ...adaptive('all', [2, 17, 4, 5], 1),
  ...adaptive('all of one image', [1, 3, 4, 5], [1, 1]),
  ...adaptive('empty batch', [0, 3, 4, 5], 2),
  ...adaptive('empty batch, all', [0, 3, 4, 5], 1),
  ...adaptive('3×4×5 to 2×2×3', [2, 3, 3, 4, 5], [2, 2, 3]),
  ...adaptive('all', [2, 3, 2, 3, 4], 1),
]

export const errors: ErrorCase[] = [
  {
    name: 'adaptiveAvgPool2d: rank',
    run: () => adaptiveAvgPool2d(zeros([3, 5, 5]), 2),
    error: shapeError(/adaptiveAvgPool2d: expected x of shape \[N, C, H, W\], got \[3, 5, 5\]/),
  },
  {
    name: 'adaptiveMaxPool1d: rank',
    run: () => adaptiveMaxPool1d(zeros([3, 5, 5, 5]), 2),
    error: shapeError(/adaptiveMaxPool1d: expected x of shape \[N, C, L\]/),
  },
  {
    name: 'adaptiveAvgPool2d: empty images',
    run: () => adaptiveAvgPool2d(zeros([2, 3, 0, 5]), 1),
    error: shapeError(/adaptiveAvgPool2d: expected images that are not empty, got \[2, 3, 0, 5\]/),
  },
  {
    name: 'adaptiveMaxPool2d: no output',
    run: () => adaptiveMaxPool2d(zeros([2, 3, 4, 5]), 0),
    error: rangeError(/adaptiveMaxPool2d: expected outputSize to be a positive integer or a pair of them, got 0/),
  },
  {
    name: 'adaptiveAvgPool3d: two sizes',
    run: () => adaptiveAvgPool3d(zeros([2, 3, 4, 5, 6]), [1, 2] as never),
    error: rangeError(/adaptiveAvgPool3d: expected outputSize to be a positive integer or three of them, got \[1, 2\]/),
  },
  {
    name: 'adaptiveAvgPool2d: a word',
    run: () => adaptiveAvgPool2d(zeros([2, 3, 4, 5]), 'all' as never),
    error: rangeError(/adaptiveAvgPool2d: expected outputSize .* got "all"/),
  },
]
