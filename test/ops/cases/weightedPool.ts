import { weightedAvgPool2d, type WeightedAvgPool2dOptions, zeros } from 'convcore'
import * as reference from '../../reference/pool.js'
import { type Case, type ErrorCase, shapeError } from '../case.js'

const weighted = (
  name: string,
  x: readonly number[],
  weight: readonly number[],
  options: WeightedAvgPool2dOptions = {},
): Case => ({
  name: `weightedAvgPool2d: ${name}`,
  inputs: [{ shape: x }, { shape: weight, range: [0.5, 2] }],
  op: (x, weight) => weightedAvgPool2d(x, weight, options),
  reference: (x, weight) => reference.weightedAvgPool2d(x, weight, options),
  differentiable: [0, 1],
})

export const cases: Case[] = [
  weighted('2×2', [2, 3, 4, 6], [2, 2]),
  weighted('3×2, stride 2 by 1, 17 channels', [1, 17, 5, 4], [3, 2], { stride: [2, 1] }),
  weighted('padding does not count', [2, 2, 5, 5], [3, 3], { stride: 2, padding: 1 }),
  weighted("'same'", [1, 3, 4, 5], [2, 2], { stride: 1, padding: 'same' }),
  weighted('dilation 2', [1, 2, 5, 6], [2, 3], { stride: 1, dilation: 2, padding: 1 }),
  weighted('empty batch', [0, 3, 4, 4], [2, 2]),
]

export const errors: ErrorCase[] = [
  {
    name: 'weightedAvgPool2d: weights of another rank',
    run: () => weightedAvgPool2d(zeros([1, 1, 4, 4]), zeros([1, 1, 2, 2])),
    error: shapeError(/weightedAvgPool2d: expected weight of shape \[R, S\], got \[1, 1, 2, 2\]/),
  },
  {
    name: 'weightedAvgPool2d: window larger',
    run: () => weightedAvgPool2d(zeros([1, 1, 3, 5]), zeros([4, 4])),
    error: shapeError(/weightedAvgPool2d: expected an output height .*⌊\(3 \+ 2·0 − 4\) \/ 4⌋ \+ 1/),
  },
]
