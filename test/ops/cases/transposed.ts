import {
  convTranspose1d,
  type ConvTranspose1dOptions,
  convTranspose2d,
  type ConvTranspose2dOptions,
  convTranspose3d,
  type ConvTranspose3dOptions,
  type Tensor,
  zeros,
} from 'convcore'
import * as reference from '../../reference/conv.js'
import { type Case, dtypeError, type ErrorCase, rangeError, shapeError } from '../case.js'

/** Cases of one of the transposed convolutions: from x's and the filters' shape. */
const casesOf =
  <Options extends reference.ConvTransposeOptions>(
    op: (x: Tensor, weight: Tensor, bias?: Tensor, options?: Options) => Tensor,
  ) =>
  (name: string, x: number[], weight: number[], options?: Options, bias = true): Case => ({
    name: `${op.name}: ${name}`,
    inputs: [{ shape: x }, { shape: weight }, ...(bias ? [{ shape: [weight[1]! * (options?.groups ?? 1)] }] : [])],
    op: (image, filters, offset) => op(image, filters, offset, options),
    reference: (image, filters, offset) => reference.convTranspose(image, filters, offset, options),
    differentiable: bias ? [0, 1, 2] : [0, 1],
  })

const signal = casesOf<ConvTranspose1dOptions>(convTranspose1d)
const image = casesOf<ConvTranspose2dOptions>(convTranspose2d)
const volume = casesOf<ConvTranspose3dOptions>(convTranspose3d)

export const cases: Case[] = [
  signal('3', [2, 3, 5], [3, 4, 3]),
  signal('stride 2 of 4, padding 1, no bias', [1, 17, 4], [17, 3, 4], { stride: 2, padding: 1 }, false),
  signal('stride 3, output padding 2, dilation 2', [2, 2, 4], [2, 3, 2], { stride: 3, outputPadding: 2, dilation: 2 }),
  signal('groups', [2, 4, 3], [4, 3, 2], { groups: 2, stride: [2] }),
  signal('empty batch', [0, 3, 5], [3, 4, 3]),
  image('3×3', [2, 3, 4, 5], [3, 4, 3, 3]),
  image('no bias', [1, 3, 4, 5], [3, 4, 3, 3], {}, false),
  image('empty batch', [0, 3, 4, 5], [3, 4, 3, 3], { stride: 2 }),
  image('stride 2 of 2×2', [2, 3, 3, 4], [3, 5, 2, 2], { stride: 2 }),
  image('stride 2 of 4×4, padding 1', [1, 8, 4, 4], [8, 4, 4, 4], { stride: 2, padding: 1 }),
  image('stride 3 of 2×2: cells that no window reaches', [2, 3, 3, 3], [3, 2, 2, 2], { stride: 3 }),
  image('stride 2 by 3, padding 1 by 0, output padding 1 by 2, dilation 1 by 2', [1, 3, 4, 3], [3, 4, 3, 2], {
    stride: [2, 3],
    padding: [1, 0],
    outputPadding: [1, 2],
    dilation: [1, 2],
  }),
  image('output padding of the stride, below the dilation', [1, 2, 3, 3], [2, 3, 2, 2], {
    dilation: 3,
    outputPadding: 2,
    stride: 2,
  }),
  image('output padding beyond the window', [1, 2, 2, 3], [2, 3, 1, 1], { stride: 4, outputPadding: 3 }),
  image('1×1', [2, 5, 3, 4], [5, 17, 1, 1]),
  image('padding 2', [1, 2, 4, 5], [2, 3, 3, 3], { padding: 2 }),
  image('17 channels to 33', [1, 17, 3, 4], [17, 33, 3, 3], { stride: 2, padding: 1, outputPadding: 1 }),
  image('several jobs', [2, 32, 8, 8], [32, 16, 4, 4], { stride: 2, padding: 1 }),
  image('2 groups', [2, 4, 4, 3], [4, 3, 3, 3], { groups: 2, stride: 2, padding: 1 }),
  image('depthwise', [2, 8, 4, 4], [8, 1, 4, 4], { groups: 8, stride: 2, padding: 1 }),
  image('depthwise, 5 channels, output padding', [1, 5, 4, 3], [5, 1, 3, 3], {
    groups: 5,
    stride: 2,
    outputPadding: 1,
  }),
  volume('3×3×3', [2, 3, 2, 3, 4], [3, 4, 3, 3, 3]),
  volume('stride 2, padding 1, output padding 1', [1, 3, 3, 2, 3], [3, 2, 3, 3, 3], {
    stride: 2,
    padding: 1,
    outputPadding: 1,
  }),
  volume(
    'stride 1 by 2 by 3, dilation 2 by 1 by 1, no bias',
    [1, 2, 3, 3, 2],
    [2, 3, 2, 3, 2],
    {
      stride: [1, 2, 3],
      dilation: [2, 1, 1],
      padding: [1, 0, 1],
    },
    false,
  ),
  volume('1×2×2: planes by themselves', [2, 3, 3, 2, 4], [3, 4, 1, 2, 2], { stride: [1, 2, 2] }),
  volume('2 groups', [1, 4, 2, 3, 3], [4, 2, 2, 2, 2], { groups: 2, stride: 2 }),
  volume('depthwise', [1, 8, 3, 3, 2], [8, 1, 2, 2, 2], { groups: 8, stride: 2 }),
]

const refuses = (
  name: string,
  options: ConvTranspose2dOptions,
  error: ErrorCase['error'],
  x = [1, 4, 3, 3],
  weight = [4, 2, 3, 3],
): ErrorCase => ({
  name: `convTranspose2d: ${name}`,
  run: () => convTranspose2d(zeros(x), zeros(weight), undefined, options),
  error,
})

export const errors: ErrorCase[] = [
  refuses(
    'channels',
    {},
    shapeError(/weight of shape \[4, K \/ groups, R, S\], got \[3, 2, 3, 3\]/),
    undefined,
    [3, 2, 3, 3],
  ),
  refuses('groups', { groups: 3 }, shapeError(/channels divisible by 3 groups, got 4/)),
  refuses('rank', {}, shapeError(/x of shape \[N, C, H, W\], got \[4, 3, 3\]/), [4, 3, 3]),
  refuses('an image without rows', {}, shapeError(/x of a height of at least 1, got 0/), [1, 4, 0, 3]),
  refuses('empty filters', {}, rangeError(/kernel size.*0/), undefined, [4, 2, 3, 0]),
  refuses(
    'padding that leaves nothing',
    { padding: [0, 3] },
    shapeError(/output width of at least 1, got \(3 − 1\)·1 − 2·3 \+ 1·\(3 − 1\) \+ 0 \+ 1 = -1/),
  ),
  refuses(
    'output padding as large as the stride',
    { stride: 2, outputPadding: 2 },
    rangeError(/outputPadding below.*2/),
  ),
  refuses('negative output padding', { stride: 2, outputPadding: -1 }, rangeError(/outputPadding.*-1/)),
  refuses(
    'padding by name',
    { padding: 'same' as unknown as number },
    rangeError(/padding to be a non-negative integer or a pair/),
  ),
  refuses('stride 0', { stride: 0 }, rangeError(/stride.*0/)),
  refuses('dilation 1.5', { dilation: 1.5 }, rangeError(/dilation.*1\.5/)),
  {
    name: 'convTranspose2d: bias',
    run: () => convTranspose2d(zeros([1, 4, 3, 3]), zeros([4, 2, 3, 3]), zeros([2]), { groups: 2 }),
    error: shapeError(/convTranspose2d: expected bias of shape \[4\], got \[2\]/),
  },
  {
    name: 'convTranspose1d: rank',
    run: () => convTranspose1d(zeros([1, 3, 5, 5]), zeros([3, 8, 3])),
    error: shapeError(/convTranspose1d: expected x of shape \[N, C, L\], got \[1, 3, 5, 5\]/),
  },
  {
    name: 'convTranspose3d: filters',
    run: () => convTranspose3d(zeros([1, 3, 2, 5, 5]), zeros([3, 8, 3, 3])),
    error: shapeError(/convTranspose3d: expected weight of shape \[3, K \/ groups, T, R, S\], got \[3, 8, 3, 3\]/),
  },
  {
    name: 'convTranspose3d: mixed dtypes',
    run: () => convTranspose3d(zeros([1, 3, 2, 2, 2]), zeros([3, 8, 1, 1, 1], { dtype: 'float64' })),
    error: dtypeError(/convTranspose3d.*float32.*float64|convTranspose3d.*float64.*float32/),
  },
]
