import { resample, zeros } from 'convcore'
import { map } from '../../reference/array.js'
import * as reference from '../../reference/resample.js'
import { type Case, dtypeError, type ErrorCase, rangeError, shapeError } from '../case.js'

function resize(shape: number[], dim: number, size: number, mode: reference.Mode, antialias: boolean, note = ''): Case {
  return {
    name: `resample: ${mode}${antialias ? ', widened' : ''}, [${shape}] along ${dim} to ${size}${note}`,
    inputs: [{ shape }],
    op: (x) => resample(x, dim, size, { mode, antialias }),
    reference: (x) => reference.resample(x, dim, size, mode, antialias),
    differentiable: [0],
  }
}

const bytes = (shape: number[], dim: number, size: number, mode: reference.Mode, antialias: boolean): Case => ({
  name: `resample: bytes, ${mode}${antialias ? ', widened' : ''}, [${shape}] along ${dim} to ${size}`,
  inputs: [{ shape, dtype: 'uint8', range: [0, 255] }],
  op: (x) => resample(x, dim, size, { mode, antialias }),
  reference: (x) => map(reference.resample(x, dim, size, mode, antialias), reference.toByte),
})

export const cases: Case[] = [
  ...([false, true] as const).flatMap((antialias) =>
    (['nearest', 'bilinear', 'bicubic'] as const).flatMap((mode) => [
      resize([2, 3, 5, 7], 3, 4, mode, antialias),
      resize([2, 3, 7, 5], 2, 3, mode, antialias),
      resize([1, 2, 4, 3], 2, 9, mode, antialias),
      resize([3, 6], 1, 1, mode, antialias),
      resize([1, 4], 1, 3, mode, antialias),
      resize([2, 1], 1, 3, mode, antialias),
      // Weights that numbers hold exactly, so that what is halfway between two bytes is so everywhere.
      bytes([2, 3, 5, 8], 3, 4, mode, antialias),
      bytes([2, 3, 8, 5], 2, 4, mode, antialias),
    ]),
  ),
  resize([0, 3, 4], 1, 2, 'bilinear', true),
  resize([1, 2, 60, 301], 2, 20, 'bilinear', true, ', several tiles'),
  resize([40, 30, 50], 2, 33, 'bilinear', true, ', several jobs'),
]

const x = () => zeros([1, 3, 4])

export const errors: ErrorCase[] = [
  { name: 'resample: size 0', run: () => resample(x(), 1, 0), error: rangeError(/resample: expected size to be a positive integer, got 0/) }, // prettier-ignore
  { name: 'resample: no such dimension', run: () => resample(x(), 3, 2), error: shapeError(/resample: expected a dimension from -3 to 2, got 3/) }, // prettier-ignore
  { name: 'resample: an empty dimension', run: () => resample(zeros([2, 0]), 1, 2), error: shapeError(/resample: expected a dimension of at least 1, got \[2, 0\]/) }, // prettier-ignore
  { name: 'resample: unknown mode', run: () => resample(x(), 1, 2, { mode: 'linear' as 'nearest' }), error: rangeError(/resample: expected mode to be one of nearest, bilinear, bicubic, got "linear"/) }, // prettier-ignore
  { name: 'resample: int32', run: () => resample(zeros([2, 2], { dtype: 'int32' }), 1, 2), error: dtypeError(/resample: expected x of a float dtype or uint8, got int32/) }, // prettier-ignore
]
