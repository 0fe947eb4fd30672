import { ones, tensor, warpAffine, zeros } from 'convcore'
import { map } from '../../reference/array.js'
import { toByte } from '../../reference/resample.js'
import * as reference from '../../reference/warp.js'
import { type Case, type ErrorCase, rangeError, shapeError } from '../case.js'

const turn = (degrees: number, dx = 0, dy = 0): number[] => {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
  return [cos, sin, dx, -sin, cos, dy]
}
const same = [1, 0, 0, 0, 1, 0]

interface Look {
  size?: [number, number]
  mode?: 'nearest' | 'bilinear'
  fill?: number | number[]
  bytes?: boolean
}

function warp(what: string, shape: number[], matrices: number[][], { bytes, ...options }: Look = {}): Case {
  const { size = shape.slice(2) as [number, number], mode = 'nearest', fill } = options
  const filled = fill === undefined ? undefined : (_: number, c: number) => (typeof fill === 'number' ? fill : fill[c]!)
  const flat = matrices.flat()
  return {
    name: `warpAffine: ${what}, ${mode}${bytes ? ', bytes' : ''}${fill === undefined ? '' : ', filled'}`,
    inputs: [bytes ? { shape, dtype: 'uint8', range: [0, 255] } : { shape }],
    op: (x) => warpAffine(x, flat, options),
    reference: (x) => {
      const y = reference.warp(x, flat, size, mode === 'bilinear', filled)
      return bytes ? map(y, toByte) : y
    },
    // Places are as exact as numbers of their size.
    ...(shape[3]! > 50 ? { tolerance: { float32: 1e-4 } } : {}),
  }
}

export const cases: Case[] = [
  ...(['nearest', 'bilinear'] as const).flatMap((mode) =>
    [false, true].flatMap((bytes) => [
      warp('the image itself', [1, 3, 4, 5], [same], { mode, bytes }),
      warp('crops, mirrored and not', [3, 2, 4, 6], [[1, 0, 2, 0, 1, -1], [-1, 0, 4, 0, 1, 1], [-1, 0, 9, 0, -1, 3]], { mode, bytes, size: [3, 5], fill: [7, 9] }), // prettier-ignore
      warp(
        'wholly outside',
        [2, 1, 3, 3],
        [
          [1, 0, 40, 0, 1, 0],
          [1, 0, 0, 0, 1, 1e30],
        ],
        { mode, bytes, fill: 3 },
      ),
      warp('turned', [2, 3, 6, 7], [turn(20, 0.3, 0.6), turn(-130, 4, 5)], { mode, bytes }),
      warp('turned', [2, 3, 6, 7], [turn(20, 0.3, 0.6), turn(-130, 4, 5)], { mode, bytes, fill: [1, 2, 3] }),
      warp('enlarged', [1, 2, 3, 4], [[0.4, 0, -0.31, 0, 0.37, -0.29]], { mode, bytes, size: [8, 9], fill: 5 }),
    ]),
  ),
  warp('no image', [0, 2, 3, 4], []),
  warp('several jobs', [2, 3, 90, 100], [turn(11, 3, 7), turn(-33, 5, 2)], { mode: 'bilinear', size: [120, 150] }),
  {
    name: 'warpAffine: fill and matrices as tensors',
    inputs: [{ shape: [2, 2, 3, 3] }, { shape: [2, 2, 3], values: [...turn(30), ...same] }, { shape: [2, 2] }],
    op: (x, matrices, fill) => warpAffine(x, matrices, { fill, mode: 'bilinear' }),
    reference: (x, matrices, fill) =>
      reference.warp(x, [...matrices.data], [3, 3], true, (n, c) => fill.data[2 * n + c]!),
  },
]

const x = () => zeros([1, 3, 4, 4])

export const errors: ErrorCase[] = [
  { name: 'warpAffine: one image', run: () => warpAffine(zeros([3, 4, 4]), same), error: shapeError(/warpAffine: expected x of shape \[N, C, H, W\], got \[3, 4, 4\]/) }, // prettier-ignore
  { name: 'warpAffine: no pixels', run: () => warpAffine(zeros([1, 3, 0, 4]), same), error: shapeError(/warpAffine: expected x of shape \[N, C, H, W\], got \[1, 3, 0, 4\]/) }, // prettier-ignore
  { name: 'warpAffine: five numbers', run: () => warpAffine(x(), [1, 0, 0, 0, 1]), error: shapeError(/warpAffine: expected matrices of 6 finite numbers for \[1, 2, 3\]/) }, // prettier-ignore
  { name: 'warpAffine: NaN', run: () => warpAffine(x(), [1, 0, NaN, 0, 1, 0]), error: shapeError(/warpAffine: expected matrices of 6 finite numbers/) }, // prettier-ignore
  { name: 'warpAffine: matrices of another shape', run: () => warpAffine(x(), ones([2, 3])), error: shapeError(/warpAffine: expected matrices of shape \[1, 2, 3\], got \[2, 3\]/) }, // prettier-ignore
  { name: 'warpAffine: two fills for three channels', run: () => warpAffine(x(), same, { fill: [1, 2] }), error: rangeError(/warpAffine: expected fill to be a finite number, one for each of 3 channels, or a tensor, got \[1, 2\]/) }, // prettier-ignore
  { name: 'warpAffine: unknown mode', run: () => warpAffine(x(), same, { mode: 'bicubic' as 'nearest' }), error: rangeError(/warpAffine: expected mode to be one of nearest, bilinear, got "bicubic"/) }, // prettier-ignore
  { name: 'warpAffine: size 0', run: () => warpAffine(x(), same, { size: 0 }), error: rangeError(/warpAffine: expected size to be a positive integer or a pair of them, got 0/) }, // prettier-ignore
  { name: 'warpAffine: a gradient', run: () => warpAffine(tensor([[[[1]]]], { requiresGrad: true }), same), error: { name: 'AutogradError', message: /warpAffine: expected x off the tape/ } }, // prettier-ignore
]
