import {
  avgPool1d,
  avgPool2d,
  type AvgPool2dOptions,
  avgPool3d,
  maxPool1d,
  maxPool1dWithIndices,
  maxPool2d,
  type MaxPool2dOptions,
  maxPool2dWithIndices,
  maxPool3d,
  maxPool3dWithIndices,
  type Tensor,
  zeros,
} from 'convcore'
import { relu } from '../../reference/activation.js'
import * as reference from '../../reference/pool.js'
import { type Case, type ErrorCase, type Input, shapeError } from '../case.js'

type Image = readonly [number, number, number, number]
type Kernel = number | [number, number]

const max = (name: string, x: Image | Input, kernel: Kernel, options: MaxPool2dOptions = {}, smooth = true): Case => ({
  name: `maxPool2d: ${name}`,
  inputs: ['shape' in x ? x : { shape: x }],
  op: (image) => maxPool2d(image, kernel, options),
  reference: (image) => {
    const { values } = reference.maxPool(image, kernel, options)
    return options.relu ? relu(values) : values
  },
  ...(smooth ? { differentiable: [0] } : {}),
})

const places = (name: string, x: Image | Input, kernel: Kernel, options: MaxPool2dOptions = {}): Case => ({
  name: `maxPool2d: with indices, ${name}`,
  inputs: ['shape' in x ? x : { shape: x }],
  op: (image) => maxPool2dWithIndices(image, kernel, options).indices,
  reference: (image) => reference.maxPool(image, kernel, options).indices,
})

const avg = (name: string, x: Image, kernel: Kernel, options: AvgPool2dOptions = {}): Case => ({
  name: `avgPool2d: ${name}`,
  inputs: [{ shape: x }],
  op: (image) => avgPool2d(image, kernel, options),
  reference: (image) => reference.avgPool(image, kernel, options),
  differentiable: [0],
})

/** One case of each of the poolings of signals or volumes. */
function others(
  rank: 1 | 3,
  name: string,
  x: readonly number[],
  kernel: number | number[],
  options: object,
  { average = true, largest = true } = {},
): Case[] {
  const [max, places, avg] = (rank === 1
    ? [maxPool1d, maxPool1dWithIndices, avgPool1d]
    : [maxPool3d, maxPool3dWithIndices, avgPool3d]) as unknown as [
    (x: Tensor, kernel: number | number[], options: object) => Tensor,
    (x: Tensor, kernel: number | number[], options: object) => { indices: Tensor },
    (x: Tensor, kernel: number | number[], options: object) => Tensor,
  ]
  const inputs = [{ shape: x }]
  const maxes: Case[] = [
    {
      name: `maxPool${rank}d: ${name}`,
      inputs,
      op: (x) => max(x, kernel, options),
      reference: (x) => reference.maxPool(x, kernel, options).values,
      differentiable: [0],
    },
    {
      name: `maxPool${rank}d: with indices, ${name}`,
      inputs,
      op: (x) => places(x, kernel, options).indices,
      reference: (x) => reference.maxPool(x, kernel, options).indices,
    },
  ]
  const average_: Case = {
    name: `avgPool${rank}d: ${name}`,
    inputs,
    op: (x) => avg(x, kernel, options),
    reference: (x) => reference.avgPool(x, kernel, options),
    differentiable: [0],
  }
  return [...(largest ? maxes : []), ...(average ? [average_] : [])]
}

const ties: Input = { shape: [1, 1, 4, 4], values: [1, 1, 2, 2, 1, 1, 2, 2, 0, -0, 5, 3, -0, 0, 3, 5] }
const nan: Input = { shape: [1, 1, 3, 4], values: [1, NaN, 2, 3, 4, 5, -Infinity, Infinity, 0, NaN, NaN, 7] }
const nans: Input = {
  shape: [1, 19, 6, 6],
  values: Array.from({ length: 19 * 36 }, (_, i) => ((i * 7) % 5 === 0 ? NaN : ((i * 37) % 101) - 50)),
}
const low: Input = { shape: [1, 1, 2, 2], values: [-Infinity, -Infinity, -Infinity, -Infinity] }

const windows = (pool: typeof max | typeof avg): Case[] => [
  pool('2×2', [2, 3, 6, 8], 2),
  pool('one image, odd size', [1, 5, 7, 5], 2),
  pool('empty batch', [0, 3, 4, 4], 2),
  pool('1×1', [2, 3, 3, 3], 1),
  pool('1×1, stride 2', [2, 3, 5, 4], 1, { stride: 2 }),
  pool('3×3, stride 2, overlapping', [2, 3, 7, 9], 3, { stride: 2 }),
  pool('2×2, stride 3', [1, 3, 8, 9], 2, { stride: 3 }),
  pool('2×3, stride 1 by 2', [2, 2, 5, 7], [2, 3], { stride: [1, 2] }),
  pool('3×3, stride 1, padding 1', [1, 3, 5, 5], 3, { stride: 1, padding: 1 }),
  pool('3×2, padding 1 by 0', [1, 3, 5, 5], [3, 2], { padding: [1, 0] }),
  pool("2×2, stride 1, 'same'", [1, 3, 4, 5], 2, { stride: 1, padding: 'same' }),
  pool("2×2, 'same', odd size", [1, 3, 7, 7], 2, { padding: 'same' }),
  pool("3×3, stride 2, 'same', even size", [1, 3, 6, 6], 3, { stride: 2, padding: 'same' }),
  pool("'valid'", [1, 3, 7, 7], 2, { padding: 'valid' }),
  pool('ceil mode', [1, 3, 7, 7], 2, { ceilMode: true }),
  pool('ceil mode, stride 2 of 3×3', [1, 2, 6, 8], 3, { stride: 2, ceilMode: true }),
  pool('ceil mode, padding 1, a window would start in the padding', [1, 2, 5, 5], 2, { padding: 1, ceilMode: true }),
  pool('ceil mode, stride beyond the window', [1, 2, 6, 9], 2, { stride: 4, ceilMode: true }),
  pool('the whole image', [2, 17, 4, 5], [4, 5]),
  pool('several jobs', [2, 5, 66, 64], 3, { stride: 2, padding: 1 }),
  pool('one channel', [2, 1, 4, 4], 2),
  pool('17 channels', [2, 17, 4, 5], 2),
  pool('33 channels, 3×3, padding 1', [1, 33, 5, 5], 3, { stride: 2, padding: 1 }),
  pool('6 channels, 2×2', [2, 6, 6, 9], 2),
  pool('16 channels, 2×2, padding 1', [2, 16, 6, 5], 2, { padding: 1 }),
  pool('30 channels, 3×3, stride 2, padding 1', [2, 30, 8, 9], 3, { stride: 2, padding: 1 }),
  pool('20 channels, 3×3, stride 1', [1, 20, 6, 7], 3, { stride: 1 }),
  pool('19 channels, 2×2, an image smaller than the window', [2, 19, 1, 1], 2, { padding: 1 }),
]

export const cases: Case[] = [
  ...windows(max),
  max('2×2, relu', [2, 5, 6, 7], 2, { relu: true }),
  max('3×3, stride 2, padding 1, relu', [2, 17, 7, 6], 3, { stride: 2, padding: 1, relu: true }),
  max('nothing above 0, relu', { shape: [1, 3, 4, 4], range: [-2, -1] }, 2, { relu: true }),
  max('dilation 2', [1, 3, 7, 7], 3, { stride: 1, dilation: 2 }),
  max('dilation 2 by 3, padding 1', [1, 3, 8, 9], 2, { stride: 2, dilation: [2, 3], padding: 1 }),
  max('ties', ties, 2, {}, false),
  max('ties, overlapping', ties, 3, { stride: 1 }, false),
  max('NaN and infinity', nan, 2, { stride: 1 }, false),
  max('dilation 3, stride 2, 18 channels', [1, 18, 12, 14], [2, 4], { stride: 2, dilation: 3, padding: 1 }),
  max('NaN among 19 channels', nans, 3, { stride: 2, padding: 1 }, false),
  max('−∞ everywhere', low, 2, { stride: 1, padding: 1 }, false),
  places('2×2', [2, 3, 6, 8], 2),
  places('3×3, stride 2, padding 1', [2, 5, 7, 7], 3, { stride: 2, padding: 1 }),
  places("'same', 17 channels", [1, 17, 3, 3], 2, { padding: 'same' }),
  places('dilation 2', [1, 3, 7, 7], 3, { stride: 1, dilation: 2 }),
  places('ties go to the first', ties, 2),
  places('ties go to the first, overlapping', ties, 3, { stride: 1 }),
  places('NaN', nan, 2, { stride: 1 }),
  places('NaN among 19 channels', nans, 3, { stride: 2, padding: 1 }),
  places('−∞ everywhere', low, 2, { stride: 1, padding: 1 }),
  ...windows(avg),
  avg('padding not counted', [1, 3, 5, 5], 3, { stride: 1, padding: 1, countIncludePad: false }),
  avg("'same', padding not counted", [1, 3, 5, 5], 2, { padding: 'same', countIncludePad: false }),
  avg('ceil mode, padding not counted', [1, 3, 6, 6], 3, { padding: 1, ceilMode: true, countIncludePad: false }),
  avg('another divisor', [1, 3, 5, 5], 3, { stride: 2, padding: 1, divisorOverride: 7 }),
  ...others(1, '2', [2, 3, 7], 2, {}),
  ...others(1, '3, stride 2, padding 1, ceil mode, 17 channels', [1, 17, 8], 3, {
    stride: 2,
    padding: 1,
    ceilMode: true,
  }),
  ...others(1, "3 in an array, 'same'", [2, 3, 7], [3], { stride: [2], padding: 'same' }),
  ...others(1, 'empty batch', [0, 3, 4], 2, {}),
  ...others(1, 'dilation 2', [1, 2, 9], 3, { stride: 1, dilation: 2 }, { average: false }),
  ...others(1, 'padding not counted', [1, 2, 5], 3, { padding: 1, countIncludePad: false }, { largest: false }),
  ...others(3, '2×2×2', [2, 3, 4, 4, 6], 2, {}),
  ...others(3, '1×2×3, stride 2×1×2', [1, 2, 3, 4, 7], [1, 2, 3], { stride: [2, 1, 2] }),
  ...others(3, '3×3×3, stride 2, padding 1, 17 channels', [1, 17, 4, 3, 5], 3, { stride: 2, padding: 1 }),
  ...others(3, "2×2×2, 'same', ceil mode", [1, 2, 3, 3, 3], 2, { padding: 'same', ceilMode: true }),
  ...others(3, '3×3×3 on a single plane, padding 1', [1, 5, 1, 6, 7], 3, { stride: 2, padding: 1 }),
  ...others(3, 'ceil mode', [1, 2, 3, 4, 5], 2, { ceilMode: true }),
  ...others(3, 'empty batch', [0, 3, 4, 4, 4], 2, {}),
  ...others(3, 'dilation 2×1×2', [1, 2, 5, 3, 5], 2, { stride: 1, dilation: [2, 1, 2] }, { average: false }),
  ...others(3, 'another divisor', [1, 2, 4, 4, 4], 3, { padding: 1, divisorOverride: 5 }, { largest: false }),
]

const fails = (name: string, run: () => unknown, message: RegExp): ErrorCase => ({
  name,
  run,
  error: shapeError(message),
})

export const errors: ErrorCase[] = [
  fails('maxPool2d: window larger', () => maxPool2d(zeros([1, 1, 3, 5]), 4), /⌊\(3 \+ 2·0 − 4\) \/ 4⌋ \+ 1/),
  fails('maxPool2d: width', () => maxPool2d(zeros([1, 1, 5, 3]), 4, { stride: 2 }), /⌊\(3 \+ 2·0 − 4\) \/ 2⌋ \+ 1/),
  fails('maxPool2d: rank', () => maxPool2d(zeros([3, 5, 5]), 2), /maxPool2d: expected .*\[3, 5, 5\]/),
  fails('avgPool2d: window larger', () => avgPool2d(zeros([1, 1, 3, 5]), 4), /⌊\(3 \+ 2·0 − 4\) \/ 4⌋ \+ 1/),
  fails('avgPool2d: rank', () => avgPool2d(zeros([5, 5]), 2), /avgPool2d: expected .*\[5, 5\]/),
  fails(
    'maxPool1d: rank',
    () => maxPool1d(zeros([3, 5]), 2),
    /maxPool1d: expected x of shape \[N, C, L\], got \[3, 5\]/,
  ),
  fails('avgPool1d: length', () => avgPool1d(zeros([1, 1, 3]), 4), /avgPool1d: expected an output length .*⌊\(3/),
  fails('maxPool3d: rank', () => maxPool3d(zeros([1, 3, 5, 5]), 2), /maxPool3d: expected x of shape \[N, C, D, H, W\]/),
  fails('avgPool3d: depth', () => avgPool3d(zeros([1, 1, 1, 5, 5]), 2), /avgPool3d: expected an output depth .*⌊\(1/),
  {
    name: 'maxPool3d: window of two numbers',
    run: () => maxPool3d(zeros([1, 1, 3, 5, 5]), [2, 2] as never),
    error: {
      name: 'RangeError',
      message: /maxPool3d: expected kernel size to be a positive integer or three of them, got \[2, 2\]/,
    },
  },
  {
    name: 'avgPool2d: divisor 0',
    run: () => avgPool2d(zeros([1, 1, 3, 5]), 2, { divisorOverride: 0 }),
    error: { name: 'RangeError', message: /avgPool2d: expected divisorOverride .* got 0/ },
  },
  { name: 'maxPool2d: window 0', run: () => maxPool2d(zeros([1, 1, 3, 5]), 0), error: { message: /maxPool2d.*0/ } },
  {
    name: 'maxPool2d: stride 0',
    run: () => maxPool2d(zeros([1, 1, 3, 5]), 2, { stride: 0 }),
    error: { message: /maxPool2d.*stride.*0/ },
  },
  {
    name: 'maxPool2d: a window all in the padding',
    run: () => maxPool2d(zeros([1, 1, 4, 4]), 2, { padding: 2 }),
    error: { message: /maxPool2d.*padding/ },
  },
  {
    name: 'avgPool2d: a window all in the padding',
    run: () => avgPool2d(zeros([1, 1, 4, 4]), 2, { padding: 2 }),
    error: { message: /avgPool2d.*padding/ },
  },
  {
    name: 'avgPool2d: stride −1',
    run: () => avgPool2d(zeros([1, 1, 3, 5]), 2, { stride: -1 }),
    error: { message: /avgPool2d.*stride.*-1/ },
  },
]
