import {
  maxPool1dWithIndices,
  maxPool2dWithIndices,
  maxPool3dWithIndices,
  maxUnpool1d,
  maxUnpool2d,
  type MaxUnpool2dOptions,
  maxUnpool3d,
  tensor,
  zeros,
} from 'convcore'
import * as reference from '../../reference/pool.js'
import { type Case, dtypeError, type ErrorCase, type Input, rangeError, shapeError } from '../case.js'

const int32 = (shape: readonly number[], values: readonly number[]): Input => ({ shape, values, dtype: 'int32' })

const unpool = (
  name: string,
  x: readonly number[],
  indices: readonly number[],
  outputs: readonly number[],
  options: MaxUnpool2dOptions = {},
): Case => ({
  name: `maxUnpool2d: ${name}`,
  inputs: [{ shape: x }, int32(x, indices)],
  op: (x, indices) => maxUnpool2d(x, indices, 2, options),
  reference: (x, indices) => reference.maxUnpool(x, indices, outputs),
  differentiable: [0],
})

/** Distinct places of each channel's plane. */
const spread = (channels: number, cells: number, places: number): number[] =>
  Array.from({ length: channels * cells }, (_, i) => ((i % cells) * 7 + Math.floor(i / cells) * 3) % places)

export const cases: Case[] = [
  unpool('2×2', [2, 3, 2, 3], spread(6, 6, 24), [4, 6]),
  unpool('17 channels', [1, 17, 2, 2], spread(17, 4, 16), [4, 4]),
  unpool('another output size', [1, 2, 2, 2], spread(2, 4, 25), [5, 5], { outputSize: [5, 5] }),
  unpool('stride 1, padding 1', [1, 2, 3, 3], spread(2, 9, 4), [2, 2], { stride: 1, padding: 1 }),
  unpool('several at one place, of which the last stays', [1, 2, 2, 2], [3, 3, 0, 3, 1, 2, 2, 1], [4, 4]),
  unpool('empty batch', [0, 3, 2, 2], [], [4, 4]),
  {
    name: 'maxUnpool2d: after pooling, overlapping',
    inputs: [{ shape: [2, 5, 5, 7] }],
    op: (x) => {
      const { values, indices } = maxPool2dWithIndices(x, 3, { stride: 2 })
      return maxUnpool2d(values, indices, 3, { stride: 2 })
    },
    reference: (x) => {
      const { values, indices } = reference.maxPool(x, 3, { stride: 2 })
      return reference.maxUnpool(values, indices, [5, 7])
    },
    differentiable: [0],
  },
  {
    name: 'maxUnpool1d: given indices',
    inputs: [{ shape: [1, 2, 2] }, int32([1, 2, 2], [3, 0, 1, 2])],
    op: (x, indices) => maxUnpool1d(x, indices, 2),
    reference: (x, indices) => reference.maxUnpool(x, indices, [4]),
    differentiable: [0],
  },
  {
    name: 'maxUnpool1d: after pooling',
    inputs: [{ shape: [2, 3, 7] }],
    op: (x) => {
      const { values, indices } = maxPool1dWithIndices(x, 2)
      return maxUnpool1d(values, indices, 2, { outputSize: [7] })
    },
    reference: (x) => {
      const { values, indices } = reference.maxPool(x, 2)
      return reference.maxUnpool(values, indices, [7])
    },
    differentiable: [0],
  },
  {
    name: 'maxUnpool3d: given indices',
    inputs: [{ shape: [1, 2, 1, 1, 2] }, int32([1, 2, 1, 1, 2], [3, 12, 15, 0])],
    op: (x, indices) => maxUnpool3d(x, indices, 2),
    reference: (x, indices) => reference.maxUnpool(x, indices, [2, 2, 4]),
    differentiable: [0],
  },
  {
    name: 'maxUnpool3d: after pooling',
    inputs: [{ shape: [1, 3, 4, 4, 6] }],
    op: (x) => {
      const { values, indices } = maxPool3dWithIndices(x, 2)
      return maxUnpool3d(values, indices, [2, 2, 2])
    },
    reference: (x) => {
      const { values, indices } = reference.maxPool(x, 2)
      return reference.maxUnpool(values, indices, [4, 4, 6])
    },
    differentiable: [0],
  },
]

const x = () => zeros([1, 1, 2, 2])
const at = (...indices: number[]) => tensor(Int32Array.from(indices), { shape: [1, 1, 2, 2] })

export const errors: ErrorCase[] = [
  {
    name: 'maxUnpool2d: rank',
    run: () => maxUnpool2d(zeros([2, 2]), at(0, 1, 2, 3), 2),
    error: shapeError(/maxUnpool2d: expected x of shape \[N, C, H, W\], got \[2, 2\]/),
  },
  {
    name: 'maxUnpool2d: indices of another shape',
    run: () => maxUnpool2d(zeros([1, 1, 2, 3]), at(0, 1, 2, 3), 2),
    error: shapeError(/maxUnpool2d: expected indices of shape \[1, 1, 2, 3\], got \[1, 1, 2, 2\]/),
  },
  {
    name: 'maxUnpool2d: indices that are floats',
    run: () => maxUnpool2d(x(), x(), 2),
    error: dtypeError(/maxUnpool2d: expected indices of dtype int32, got float32/),
  },
  {
    name: 'maxUnpool2d: an index beyond the image',
    run: () => maxUnpool2d(x(), at(0, 1, 2, 16), 2).dataSync(),
    error: { name: 'ExecutionError', message: /max_unpool: expected indices in \[0, 16\), got 16/ },
  },
  {
    name: 'maxUnpool2d: a negative index',
    run: () => maxUnpool2d(x(), at(0, -1, 2, 3), 2).dataSync(),
    error: { name: 'ExecutionError', message: /max_unpool: expected indices in \[0, 16\), got -1/ },
  },
  {
    name: 'maxUnpool2d: an output size that pooling cannot have had',
    run: () => maxUnpool2d(x(), at(0, 1, 2, 3), 2, { outputSize: [4, 6] }),
    error: shapeError(/maxUnpool2d: expected an output size from 3 to 5, got 6 in \[4, 6\]/),
  },
  {
    name: 'maxUnpool2d: padding beyond the image',
    run: () => maxUnpool2d(x(), at(0, 1, 2, 3), 2, { padding: 3 }),
    error: shapeError(/maxUnpool2d: expected an output size/),
  },
  {
    name: 'maxUnpool1d: window 0',
    run: () => maxUnpool1d(zeros([1, 1, 2]), tensor(Int32Array.of(0, 1), { shape: [1, 1, 2] }), 0),
    error: rangeError(/maxUnpool1d: expected kernel size to be a positive integer, got 0/),
  },
]
