import { cast } from 'convcore'
import { type Case, dtypeError, type ErrorCase } from '../case.js'
import { zeros } from 'convcore'

export const cases: Case[] = [
  {
    name: 'cast: float to int32 drops the fraction',
    inputs: [{ shape: [6], values: [1.9, -1.9, 0.5, -0.5, 100000.25, -7] }],
    op: (x) => cast(x, 'int32'),
    reference: (x) => ({ shape: [6], data: x.data.map(Math.trunc) }),
  },
  ...(['int32', 'uint8', 'float64', 'float32'] as const).map((dtype): Case => ({
    name: `cast: ${dtype} to float64`,
    inputs: [{ shape: [2, 1, 2, 2], dtype, values: [0, 1, 2, 3, 100, 200, 254, 255] }],
    op: (x) => cast(x, 'float64'),
    reference: (x) => x,
  })),
  {
    name: 'cast: to float32',
    inputs: [{ shape: [2, 3, 4, 5], dtype: 'float64' }],
    op: (x) => cast(x, 'float32'),
    reference: (x) => ({ shape: x.shape, data: x.data.map(Math.fround) }),
  },
]

export const takeAnyDType = ['cast']

export const errors: ErrorCase[] = [
  { name: 'cast: no dtype', run: () => cast(zeros([2]), 'int7' as 'int32'), error: dtypeError(/cast.*int7/) },
]
