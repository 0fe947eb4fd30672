import { pad, type PadOptions, zeros } from 'convcore'
import * as reference from '../../reference/pad.js'
import { type Case, type ErrorCase, rangeError, shapeError } from '../case.js'

const padded = (shape: number[], padding: number[], options: PadOptions = {}): Case => ({
  name: `pad: [${shape}] by ${padding}, ${options.mode ?? 'constant'} ${options.value ?? ''}`,
  inputs: [{ shape }],
  op: (x) => pad(x, padding, options),
  reference: (x) => reference.pad(x, padding, options.mode, options.value),
  differentiable: [0],
})

const image = [2, 3, 4, 5]

export const cases: Case[] = [
  padded([5], [2, 1]),
  padded([3, 5], [1, 2], { value: -7.5 }),
  padded(image, [1, 2, 3, 0], { value: 2 }),
  padded(image, [0, 0, 1, 0, 2, 1]),
  padded(image, [-1, -2, 0, -1]),
  padded(image, [-2, 3, 1, -4], { value: 1 }),
  padded([2, 3], [-1, -2]),
  padded(image, []),
  padded([2, 3, 2, 3, 2], [1, 1, 0, 1, 2, 0]),
  padded([0, 3, 2, 2], [1, 1, 1, 1]),
  padded([2, 0], [1, 1], { value: 3 }),
  ...(['reflect', 'replicate', 'circular'] as const).flatMap((mode) => [
    padded([5], [4, 2], { mode }),
    padded(image, [1, 2, 3, 0], { mode }),
    padded([1, 17, 3, 3], [2, 1, 0, 2], { mode }),
    padded([2, 2, 3, 4], [0, -1, 2, -2], { mode }),
    padded([2, 2, 3, 2, 3], [1, 0, 1, 1, 2, 2], { mode }),
    padded([0, 2, 3], [1, 1], { mode }),
  ]),
]

export const takeAnyDType = ['pad']

const matrix = () => zeros([2, 3])

export const errors: ErrorCase[] = [
  { name: 'pad: a pair and a half', run: () => pad(matrix(), [1, 1, 1]), error: rangeError(/pad.*pairs.*\[1, 1, 1\]/) },
  { name: 'pad: fractions', run: () => pad(matrix(), [0.5, 1]), error: rangeError(/pad.*whole.*0\.5/) },
  { name: 'pad: too many', run: () => pad(zeros([3]), [1, 1, 1, 1]), error: shapeError(/pad.*1 pairs.*\[3\]/) },
  {
    name: 'pad: a value that int32 does not hold',
    run: () => pad(zeros([2], { dtype: 'int32' }), [1, 0], { value: 0.5 }),
    error: rangeError(/pad: expected value .*2147483647, got 0\.5/),
  },
  { name: 'pad: below 0', run: () => pad(matrix(), [-2, -2]), error: shapeError(/pad.*dimension 1.*-2/) },
  {
    name: 'pad: mirrored too far',
    run: () => pad(matrix(), [3, 0], { mode: 'reflect' }),
    error: shapeError(/pad.*at most 2.*3/),
  },
  {
    name: 'pad: a mirror of nothing',
    run: () => pad(zeros([0]), [1, 0], { mode: 'replicate' }),
    error: shapeError(/pad.*\[0\]/),
  },
  {
    name: 'pad: mode',
    run: () => pad(matrix(), [1, 1], { mode: 'mirror' as 'reflect' }),
    error: rangeError(/pad.*mode.*mirror/),
  },
]
