import { standardize, zeros } from 'convcore'
import * as reference from '../../reference/standardize.js'
import { type Case, type ErrorCase, type Input, rangeError, shapeError } from '../case.js'

const by = (input: Input, mean: number[], std: number[], dim: number, note = ''): Case => ({
  name: `standardize: [${input.shape}], dimension ${dim}${note}`,
  inputs: [input],
  op: (x) => standardize(x, mean, std, dim),
  reference: (x) => reference.standardize(x, mean, std, dim),
  ...(input.dtype ? {} : { differentiable: [0] }),
})

const [mean, std] = [[0.5, -1, 2], [2, 0.25, -3]] // prettier-ignore

export const cases: Case[] = [
  by({ shape: [2, 3, 4, 5] }, mean, std, 1),
  by({ shape: [3, 4, 5] }, mean, std, 0),
  by({ shape: [4, 3] }, mean, std, 1),
  by({ shape: [0, 3, 2] }, mean, std, 1),
  by({ shape: [2, 1, 7, 9] }, [0.1], [3], 1),
  by({ shape: [4, 3, 100, 90] }, mean, std, 1, ', several jobs'),
  by({ shape: [2, 3, 4, 5], dtype: 'uint8', range: [0, 255] }, [120, 110, 100], [60, 50, 70], 1, ', bytes'),
  by({ shape: [5, 3], dtype: 'int32', range: [-9, 9] }, mean, std, 1, ', integers'),
  {
    name: 'standardize: one number for all channels',
    inputs: [{ shape: [2, 3, 4] }],
    op: (x) => standardize(x, 0.5, 2),
    reference: (x) => reference.standardize(x, [0.5, 0.5, 0.5], [2, 2, 2], 1),
    differentiable: [0],
  },
]

export const takeAnyDType = ['standardize']

const x = () => zeros([2, 3, 4])

export const errors: ErrorCase[] = [
  { name: 'standardize: another number of channels', run: () => standardize(x(), [1, 2], 1), error: shapeError(/standardize: expected mean of 3 channels, got 2/) }, // prettier-ignore
  { name: 'standardize: std 0', run: () => standardize(x(), 0, [1, 0, 1]), error: rangeError(/standardize: expected std to be finite numbers other than 0, got \[1, 0, 1\]/) }, // prettier-ignore
  { name: 'standardize: NaN', run: () => standardize(x(), NaN, 1), error: rangeError(/standardize: expected mean to be finite numbers, got NaN/) }, // prettier-ignore
  { name: 'standardize: no such dimension', run: () => standardize(x(), 0, 1, 3), error: shapeError(/standardize: expected a dimension from -3 to 2, got 3/) }, // prettier-ignore
]
