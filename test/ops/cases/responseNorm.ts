import { localResponseNorm, type LocalResponseNormOptions, zeros } from 'convcore'
import * as reference from '../../reference/responseNorm.js'
import { type Case, type ErrorCase, rangeError, shapeError } from '../case.js'

const strong = { alpha: 2, beta: 0.75, k: 1.5 }

const norm = (name: string, shape: number[], size: number, options: LocalResponseNormOptions = strong): Case => ({
  name: `localResponseNorm: ${name}`,
  inputs: [{ shape }],
  op: (x) => localResponseNorm(x, size, options),
  reference: (x) => reference.localResponseNorm(x, size, options),
  differentiable: [0],
})

export const cases: Case[] = [
  norm('size 5', [2, 7, 2, 3], 5),
  norm('defaults', [2, 7, 2, 3], 5, {}),
  norm('even size, 17 channels', [1, 17, 2, 2], 4),
  norm('size 1', [1, 3, 2, 2], 1),
  norm('wider than the channels', [2, 3, 2, 2], 9),
  norm('more channels than a tile', [1, 300, 1, 2], 3),
  norm('sequence', [2, 4, 3], 3, { ...strong, beta: 2 }),
  norm('volume', [1, 5, 2, 2, 2], 3),
  norm('several jobs', [2, 6, 40, 40], 5),
  norm('empty batch', [0, 3, 2, 2], 3),
]

export const errors: ErrorCase[] = [
  {
    name: 'localResponseNorm: rank',
    run: () => localResponseNorm(zeros([2, 3]), 5),
    error: shapeError(/localResponseNorm: expected .*got \[2, 3\]/),
  },
  {
    name: 'localResponseNorm: size',
    run: () => localResponseNorm(zeros([1, 3, 2, 2]), 0),
    error: rangeError(/localResponseNorm: expected size .*got 0/),
  },
]
