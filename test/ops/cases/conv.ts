import {
  conv1d,
  type Conv1dOptions,
  conv2d,
  type Conv2dOptions,
  conv3d,
  type Conv3dOptions,
  type Tensor,
  zeros,
} from 'convcore'
import * as reference from '../../reference/conv.js'
import { type Case, dtypeError, type ErrorCase, rangeError, shapeError } from '../case.js'

/** Cases of one of the convolutions: from x's and the filters' shape. */
const casesOf =
  <Options extends reference.ConvOptions>(
    op: (x: Tensor, weight: Tensor, bias?: Tensor, options?: Options) => Tensor,
  ) =>
  (name: string, x: number[], weight: number[], options?: Options, bias = true): Case => ({
    name: `${op.name}: ${name}`,
    inputs: [{ shape: x }, { shape: weight }, ...(bias ? [{ shape: [weight[0]!] }] : [])],
    op: (image, filters, offset) => op(image, filters, offset, options),
    reference: (image, filters, offset) => reference.conv(image, filters, offset, options),
    differentiable: bias ? [0, 1, 2] : [0, 1],
  })

const signal = casesOf<Conv1dOptions>(conv1d)
const conv = casesOf<Conv2dOptions>(conv2d)
const volume = casesOf<Conv3dOptions>(conv3d)

export const cases: Case[] = [
  conv('3×3', [2, 3, 6, 7], [4, 3, 3, 3]),
  conv('no bias', [2, 3, 6, 7], [4, 3, 3, 3], {}, false),
  conv('one image', [1, 5, 5, 5], [3, 5, 3, 3], { padding: 1 }),
  conv('empty batch', [0, 3, 5, 5], [4, 3, 3, 3], { padding: 1 }),
  conv('empty image', [2, 3, 0, 5], [4, 3, 3, 3], { padding: 'same' }),
  conv('1×1', [2, 5, 4, 3], [17, 5, 1, 1]),
  conv('1×1, stride 2', [2, 3, 5, 6], [5, 3, 1, 1], { stride: 2 }),
  conv('1×1, padding 1', [1, 3, 3, 3], [5, 3, 1, 1], { padding: 1 }),
  conv('stride 2 of 3×3', [2, 3, 8, 7], [5, 3, 3, 3], { stride: 2, padding: 1 }),
  conv('stride 3 of 2×2', [1, 3, 8, 7], [5, 3, 2, 2], { stride: 3 }),
  conv('stride 2 by 1', [1, 3, 7, 7], [2, 3, 3, 3], { stride: [2, 1], padding: 1 }),
  conv('stride 4 of 11×11', [1, 3, 19, 19], [5, 3, 11, 11], { stride: 4, padding: 2 }),
  conv('rows that no window reads', [1, 3, 8, 9], [2, 3, 3, 3], { stride: 4 }),
  conv('dilation 2', [2, 3, 8, 8], [3, 3, 3, 3], { dilation: 2 }),
  conv('dilation 2 by 3, stride 2, padding 2 by 3', [1, 3, 9, 11], [3, 3, 3, 2], {
    dilation: [2, 3],
    stride: 2,
    padding: [2, 3],
  }),
  conv('padding 2', [1, 2, 4, 4], [3, 2, 3, 3], { padding: 2 }),
  conv('padding 0 by 2', [1, 2, 4, 4], [3, 2, 3, 3], { padding: [0, 2] }),
  conv('padding wider than the filter', [1, 2, 3, 3], [3, 2, 2, 2], { padding: 4 }),
  conv("'valid'", [1, 3, 6, 6], [4, 3, 3, 3], { padding: 'valid' }),
  conv("'same'", [2, 3, 6, 5], [4, 3, 3, 3], { padding: 'same' }),
  conv("'same' of 2×2", [2, 3, 5, 6], [4, 3, 2, 2], { padding: 'same' }),
  conv("'same' of 2×1", [2, 3, 5, 6], [4, 3, 2, 1], { padding: 'same' }),
  conv("'same' of 1×2", [2, 3, 5, 6], [4, 3, 1, 2], { padding: 'same' }),
  conv('stride 2 of 3×3, even size', [2, 5, 8, 6], [4, 5, 3, 3], { stride: 2, padding: 1 }),
  conv("'same' of 4×3", [1, 3, 5, 6], [4, 3, 4, 3], { padding: 'same' }),
  conv("'same', stride 2, even size", [2, 1, 8, 8], [5, 1, 3, 3], { padding: 'same', stride: 2 }),
  conv("'same', stride 2, odd size", [1, 3, 7, 7], [5, 3, 3, 3], { padding: 'same', stride: 2 }),
  conv("'same', stride beyond the filter", [1, 2, 7, 7], [3, 2, 1, 2], { padding: 'same', stride: 3 }),
  conv("'same', dilation 2 of 2×2", [1, 2, 6, 6], [3, 2, 2, 2], { padding: 'same', dilation: 2 }),
  conv('filter as large as the image', [2, 3, 4, 5], [7, 3, 4, 5]),
  conv('1×5', [1, 3, 4, 8], [3, 3, 1, 5], { padding: [0, 2] }),
  conv('5×1', [1, 3, 8, 4], [3, 3, 5, 1], { padding: [2, 0] }),
  conv('one channel to one', [3, 1, 5, 5], [1, 1, 3, 3], { padding: 1 }),
  conv('17 channels to 33', [1, 17, 4, 4], [33, 17, 3, 3], { padding: 1 }),
  conv('33 channels to 17', [1, 33, 4, 5], [17, 33, 3, 3], { padding: 1 }),
  conv('64 channels to 64', [1, 64, 6, 6], [64, 64, 3, 3], { padding: 1 }),
  conv('several jobs', [2, 16, 20, 20], [16, 16, 3, 3], { padding: 1 }),
  conv('several jobs, stride 2', [4, 8, 33, 31], [24, 8, 3, 3], { padding: 1, stride: 2 }),
  conv('depthwise, several jobs', [2, 6, 60, 60], [6, 1, 3, 3], { groups: 6, padding: 1 }),
  conv('depthwise', [2, 5, 6, 6], [5, 1, 3, 3], { groups: 5, padding: 1 }),
  conv('depthwise, 33 channels', [1, 33, 5, 6], [33, 1, 3, 3], { groups: 33, padding: 1 }),
  conv('depthwise, stride 2, dilation 2', [1, 6, 9, 9], [6, 1, 3, 3], {
    groups: 6,
    stride: 2,
    dilation: 2,
    padding: 2,
  }),
  conv('depthwise, 19 channels, several jobs', [2, 19, 40, 40], [19, 1, 3, 3], { groups: 19, padding: 1 }),
  conv('depthwise 5×5, stride 1 by 2', [1, 18, 7, 40], [18, 1, 5, 5], { groups: 18, stride: [1, 2], padding: 2 }),
  conv('depthwise, two filters each', [1, 3, 5, 5], [6, 1, 3, 3], { groups: 3, padding: 1 }),
  conv('depthwise, no bias', [1, 17, 5, 5], [17, 1, 5, 5], { groups: 17, padding: 2 }, false),
  conv('2 groups', [2, 6, 5, 5], [4, 3, 3, 3], { groups: 2, padding: 1 }),
  conv('3 groups, stride 2', [1, 9, 7, 7], [6, 3, 3, 3], { groups: 3, stride: 2 }),
  conv('4 groups of 1×1', [2, 20, 3, 3], [12, 5, 1, 1], { groups: 4 }),
  signal('3', [2, 3, 7], [4, 3, 3]),
  signal('no bias, stride 2 of 4, padding 1', [2, 3, 9], [4, 3, 4], { stride: 2, padding: 1 }, false),
  signal('dilation 3, padding 2, stride [2]', [1, 17, 11], [5, 17, 3], { dilation: [3], padding: [2], stride: [2] }),
  signal("'same' of 2", [1, 3, 6], [4, 3, 2], { padding: 'same' }),
  signal("'valid', 2 groups", [2, 6, 5], [4, 3, 2], { padding: 'valid', groups: 2 }),
  signal('depthwise', [2, 5, 6], [5, 1, 3], { groups: 5, padding: 1 }),
  signal('empty batch', [0, 3, 5], [4, 3, 3]),
  volume('3×3×3', [2, 3, 4, 5, 6], [4, 3, 3, 3, 3]),
  volume('no bias', [1, 2, 3, 4, 3], [3, 2, 2, 2, 2], {}, false),
  volume('empty batch', [0, 3, 4, 5, 5], [4, 3, 3, 3, 3], { padding: 1 }),
  volume('stride 2 of 3×3×3, padding 1', [2, 3, 5, 6, 7], [5, 3, 3, 3, 3], { stride: 2, padding: 1 }),
  volume('stride 1 by 2 by 3, padding 2 by 0 by 1, dilation 2 by 1 by 2', [1, 3, 5, 6, 8], [2, 3, 3, 2, 3], {
    stride: [1, 2, 3],
    padding: [2, 0, 1],
    dilation: [2, 1, 2],
  }),
  volume("'same' of 2×3×4, stride 2 by 1 by 1", [1, 2, 4, 3, 5], [3, 2, 2, 3, 4], {
    padding: 'same',
    stride: [2, 1, 1],
  }),
  volume("'valid', planes that no window reads", [1, 2, 7, 5, 4], [3, 2, 2, 2, 2], { padding: 'valid', stride: 3 }),
  volume('1×3×3: planes by themselves', [2, 3, 3, 5, 4], [4, 3, 1, 3, 3], { padding: [0, 1, 1] }),
  volume('3×1×1', [2, 3, 5, 2, 4], [4, 3, 3, 1, 1], { padding: [1, 0, 0], stride: [2, 1, 1] }),
  volume('1×1×1', [2, 5, 2, 3, 2], [17, 5, 1, 1, 1]),
  volume('1×1×1, stride 2', [1, 3, 3, 4, 5], [5, 3, 1, 1, 1], { stride: 2 }),
  volume('17 channels to 33', [1, 17, 3, 3, 4], [33, 17, 3, 2, 2], { padding: 1 }),
  volume('several jobs', [1, 16, 4, 8, 8], [16, 16, 3, 3, 3], { padding: 1 }),
  volume('2 groups', [2, 6, 3, 4, 4], [4, 3, 2, 3, 3], { groups: 2, padding: 1 }),
  volume('depthwise', [2, 5, 4, 4, 3], [5, 1, 3, 3, 3], { groups: 5, padding: 1 }),
  volume('depthwise, stride 2, dilation 2', [1, 8, 7, 6, 5], [8, 1, 2, 2, 2], {
    groups: 8,
    stride: 2,
    dilation: 2,
    padding: 1,
  }),
]

const fails = (
  name: string,
  x: number[],
  weight: number[],
  message: RegExp,
  options: Conv2dOptions = {},
): ErrorCase => ({
  name: `conv2d: ${name}`,
  run: () => conv2d(zeros(x), zeros(weight), undefined, options),
  error: shapeError(message),
})

const refuses = (name: string, options: Conv2dOptions, message: RegExp): ErrorCase => ({
  name: `conv2d: ${name}`,
  run: () => conv2d(zeros([1, 4, 5, 5]), zeros([4, 4, 3, 3]), undefined, options),
  error: { message },
})

export const errors: ErrorCase[] = [
  fails('channels', [1, 3, 5, 5], [8, 4, 3, 3], /conv2d: expected weight of shape \[K, 3, R, S\], got \[8, 4, 3, 3\]/),
  fails('channels of a group', [1, 6, 5, 5], [8, 6, 3, 3], /conv2d.*\[8, 6, 3, 3\]/, { groups: 2 }),
  fails('groups that do not divide the channels', [1, 5, 5, 5], [4, 2, 3, 3], /conv2d.*groups.*5/, { groups: 2 }),
  fails('groups that do not divide the filters', [1, 4, 5, 5], [3, 2, 3, 3], /conv2d.*3/, { groups: 2 }),
  fails('filter larger than the image', [1, 1, 5, 5], [1, 1, 7, 7], /⌊\(5 \+ 2·0 − 7\) \/ 1⌋ \+ 1/),
  fails('padding not enough', [1, 1, 5, 8], [1, 1, 9, 9], /⌊\(5 \+ 2·1 − 9\) \/ 2⌋ \+ 1/, { padding: 1, stride: 2 }),
  fails('width too small', [1, 1, 8, 5], [1, 1, 7, 7], /⌊\(5 \+ 2·0 − 7\) \/ 1⌋ \+ 1/),
  fails('dilated filter larger than the image', [1, 1, 5, 5], [1, 1, 3, 3], /⌊\(5 \+ 2·0 − .*\) \/ 1⌋ \+ 1/, {
    dilation: 3,
  }),
  fails('image of rank 3', [3, 5, 5], [8, 3, 3, 3], /conv2d: expected .*\[3, 5, 5\]/),
  fails('filters of rank 3', [1, 3, 5, 5], [3, 3, 3], /conv2d: expected weight .*\[3, 3, 3\]/),
  {
    name: 'conv2d: empty filters',
    run: () => conv2d(zeros([1, 3, 5, 5]), zeros([8, 3, 0, 3])),
    error: rangeError(/conv2d: expected .*0/),
  },
  {
    name: 'conv2d: bias',
    run: () => conv2d(zeros([1, 3, 5, 5]), zeros([8, 3, 3, 3]), zeros([7])),
    error: shapeError(/conv2d: expected bias of shape \[8\], got \[7\]/),
  },
  {
    name: 'conv2d: mixed dtypes',
    run: () => conv2d(zeros([1, 3, 5, 5]), zeros([8, 3, 3, 3], { dtype: 'float64' })),
    error: dtypeError(/conv2d.*float32.*float64|conv2d.*float64.*float32/),
  },
  refuses('stride 0', { stride: 0 }, /conv2d.*stride.*0/),
  refuses('negative stride', { stride: -1 }, /conv2d.*stride.*-1/),
  refuses('fractional stride', { stride: 1.5 }, /conv2d.*stride.*1\.5/),
  refuses('stride NaN', { stride: NaN }, /conv2d.*stride.*NaN/),
  refuses('three strides', { stride: [1, 1, 1] as unknown as [number, number] }, /conv2d.*stride/),
  refuses('dilation 0', { dilation: 0 }, /conv2d.*dilation.*0/),
  refuses('groups 0', { groups: 0 }, /conv2d.*groups.*0/),
  refuses('negative padding', { padding: -1 }, /conv2d.*padding.*-1/),
  refuses('padding of another name', { padding: 'full' as 'same' }, /conv2d.*padding.*full/),
  refuses('padding beyond any image', { padding: 2 ** 40 }, /conv2d/),
  {
    name: 'conv1d: rank',
    run: () => conv1d(zeros([1, 3, 5, 5]), zeros([8, 3, 3])),
    error: shapeError(/conv1d: expected x of shape \[N, C, L\], got \[1, 3, 5, 5\]/),
  },
  {
    name: 'conv1d: filters',
    run: () => conv1d(zeros([1, 3, 5]), zeros([8, 4, 3])),
    error: shapeError(/conv1d: expected weight of shape \[K, 3, S\], got \[8, 4, 3\]/),
  },
  {
    name: 'conv1d: filter longer than the signal',
    run: () => conv1d(zeros([1, 1, 5]), zeros([1, 1, 7])),
    error: shapeError(/conv1d: expected an output length of at least 1, got ⌊\(5 \+ 2·0 − 7\) \/ 1⌋ \+ 1/),
  },
  {
    name: 'conv1d: two strides',
    run: () => conv1d(zeros([1, 1, 5]), zeros([1, 1, 3]), undefined, { stride: [1, 1] as unknown as [number] }),
    error: rangeError(/conv1d: expected stride to be a positive integer, got/),
  },
  {
    name: 'conv3d: rank',
    run: () => conv3d(zeros([1, 3, 5, 5]), zeros([8, 3, 3, 3, 3])),
    error: shapeError(/conv3d: expected x of shape \[N, C, D, H, W\], got \[1, 3, 5, 5\]/),
  },
  {
    name: 'conv3d: filters',
    run: () => conv3d(zeros([1, 4, 5, 5, 5]), zeros([8, 4, 3, 3, 3]), undefined, { groups: 2 }),
    error: shapeError(/conv3d: expected weight of shape \[K, 2, T, R, S\], got \[8, 4, 3, 3, 3\]/),
  },
  {
    name: 'conv3d: filter deeper than the volume',
    run: () => conv3d(zeros([1, 1, 2, 5, 5]), zeros([1, 1, 3, 3, 3])),
    error: shapeError(/conv3d: expected an output depth of at least 1, got ⌊\(2 \+ 2·0 − 3\) \/ 1⌋ \+ 1/),
  },
  {
    name: 'conv3d: padding of two',
    run: () =>
      conv3d(zeros([1, 1, 5, 5, 5]), zeros([1, 1, 3, 3, 3]), undefined, {
        padding: [1, 1] as unknown as [number, number, number],
      }),
    error: rangeError(/conv3d: expected padding to be a non-negative integer or three of them/),
  },
  {
    name: 'conv3d: bias',
    run: () => conv3d(zeros([1, 1, 5, 5, 5]), zeros([2, 1, 3, 3, 3]), zeros([3])),
    error: shapeError(/conv3d: expected bias of shape \[2\], got \[3\]/),
  },
]
