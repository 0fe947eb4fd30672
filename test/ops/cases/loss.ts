import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  huberLoss,
  klDiv,
  l1Loss,
  type LossOptions,
  mseLoss,
  ones,
  smoothL1Loss,
  type Tensor,
  zeros,
} from 'convcore'
import { mul } from '../../reference/elementwise.js'
import * as reference from '../../reference/loss.js'
import type { Dense } from '../../reference/array.js'
import { type Case, type ErrorCase, type Input, rangeError, shapeError } from '../case.js'

const reductions = ['mean', 'sum', 'none'] as const

const binary = (name: string, p: Input, target: Input, smooth = true): Case[] =>
  reductions.map((reduction) => ({
    name: `binaryCrossEntropy: ${name}, ${reduction}`,
    inputs: [p, target],
    op: (x, t) => binaryCrossEntropy(x, t, { reduction }),
    reference: (x, t) => reference.binaryCrossEntropy(x, t, reduction),
    ...(smooth ? { differentiable: [0] } : {}),
  }))

const square = (shape: number[]): Case[] =>
  reductions.map((reduction) => ({
    name: `mseLoss: [${shape}], ${reduction}`,
    inputs: [{ shape }, { shape }],
    op: (x, t) => mseLoss(x, t, { reduction }),
    reference: (x, t) => reference.mseLoss(x, t, reduction),
    differentiable: [0, 1],
  }))

type Loss = (x: Tensor, target: Tensor, options: LossOptions) => Tensor
type Reference = (x: Dense, target: Dense, reduction: reference.Reduction) => Dense

/** A loss of two tensors of one shape; `differentiable` are the ones whose gradients are checked. */
const pairs = (name: string, loss: Loss, want: Reference, x: Input, target: Input, differentiable = [0, 1]): Case[] =>
  reductions.map((reduction) => ({
    name: `${name}, ${reduction}`,
    inputs: [x, target],
    op: (x, t) => loss(x, t, { reduction }),
    reference: (x, t) => want(x, t, reduction),
    ...(differentiable.length ? { differentiable } : {}),
  }))

const far: Input = { shape: [3, 5], range: [-3, 3] }
const near: Input = { shape: [3, 5], range: [-0.1, 0.1] }
const shares: Input = { shape: [3, 5], range: [0.05, 0.9] }
const logits = (name: string, x: Input, target: Input, posWeight = 1): Case[] =>
  pairs(
    `binaryCrossEntropyWithLogits: ${name}`,
    (x, t, options) => {
      const weight = posWeight === 1 ? undefined : ones([1], { dtype: x.dtype, device: x.device }).mul(posWeight)
      return binaryCrossEntropyWithLogits(x, t, { ...options, posWeight: weight })
    },
    reference.binaryCrossEntropyWithLogits(posWeight),
    x,
    target,
    [0],
  )

const weightedBy = (shape: number[]): Case[] =>
  [binaryCrossEntropy, binaryCrossEntropyWithLogits].map((loss) => ({
    name: `${loss.name}: weight [${shape}]`,
    inputs: [
      { ...shares, shape: [2, 3, 2, 2] },
      { ...shares, shape: [2, 3, 2, 2] },
      { shape, range: [0.5, 2] },
    ],
    op: (x, t, weight) => loss(x, t, { weight }),
    reference: (x, t, weight) => {
      const plain =
        loss === binaryCrossEntropy ? reference.binaryCrossEntropy : reference.binaryCrossEntropyWithLogits()
      return reference.reduced(mul(plain(x, t, 'none'), weight), 'mean')
    },
    differentiable: [0, 2],
  }))

export const cases: Case[] = [
  ...binary('probabilities', { shape: [3, 5], range: [0.05, 0.95] }, { shape: [3, 5], range: [0, 1] }),
  ...binary('many', { shape: [40001], range: [0.05, 0.95] }, { shape: [40001], range: [0, 1] }),
  ...binary('one-hot', { shape: [2, 2], range: [0.2, 0.8] }, { shape: [2, 2], values: [0, 1, 1, 0] }),
  ...binary('clamped at −100', { shape: [4], values: [0, 1, 0, 1] }, { shape: [4], values: [1, 0, 0, 1] }, false),
  ...[[], [7], [2, 3, 4, 5]].flatMap(square),
  ...weightedBy([3, 1, 1]),
  ...weightedBy([2, 3, 2, 2]),
  ...logits('probabilities', far, shares),
  ...logits('posWeight', far, shares, 3),
  ...logits(
    'large',
    { shape: [6], values: [1e4, -1e4, 1e4, -1e4, 88, -88] },
    { shape: [6], values: [1, 0, 0, 1, 0, 1] },
  ),
  ...pairs('l1Loss: both sides', l1Loss, reference.l1Loss, far, near),
  ...pairs('smoothL1Loss: near and far', smoothL1Loss, reference.smoothL1Loss(1), far, near),
  ...pairs(
    'smoothL1Loss: beta',
    (x, t, options) => smoothL1Loss(x, t, { ...options, beta: 0.3 }),
    reference.smoothL1Loss(0.3),
    { shape: [2, 3, 2, 2] },
    { shape: [2, 3, 2, 2], range: [-0.1, 0.1] },
  ),
  ...pairs(
    'smoothL1Loss: beta 0',
    (x, t, options) => smoothL1Loss(x, t, { ...options, beta: 0 }),
    reference.l1Loss,
    far,
    near,
  ),
  ...pairs(
    'huberLoss: delta',
    (x, t, options) => huberLoss(x, t, { ...options, delta: 0.7 }),
    reference.huberLoss(0.7),
    far,
    near,
  ),
  ...pairs(
    'huberLoss: large',
    huberLoss,
    reference.huberLoss(1),
    { shape: [2], values: [1e30, -1e30] },
    { shape: [2], values: [0, 0] },
    [],
  ),
  ...pairs('klDiv: probabilities', klDiv, reference.klDiv(false), far, shares),
  ...pairs(
    'klDiv: no probability',
    klDiv,
    reference.klDiv(false),
    { shape: [2, 2] },
    { shape: [2, 2], values: [0, 1, 0.25, 0.75] },
    [0],
  ),
  ...pairs(
    'klDiv: logarithms',
    (x, t, options) => klDiv(x, t, { ...options, logTarget: true }),
    reference.klDiv(true),
    far,
    { shape: [3, 5], range: [-3, 0] },
  ),
  {
    name: 'klDiv: mean of the batch',
    inputs: [far, shares],
    op: (x, t) => klDiv(x, t, { reduction: 'batchmean' }),
    reference: (x, t) => ({
      shape: [],
      data: reference
        .klDiv(false)(x, t, 'sum')
        .data.map((v) => v / 3),
    }),
    differentiable: [0],
  },
]

const fails = (name: string, run: () => unknown, message: RegExp): ErrorCase => ({
  name,
  run,
  error: shapeError(message),
})
export const errors: ErrorCase[] = [
  fails(
    'binaryCrossEntropy: shapes',
    () => binaryCrossEntropy(zeros([2, 3]), zeros([3])),
    /binaryCrossEntropy: expected .*\[3\]/,
  ),
  fails('mseLoss: shapes', () => mseLoss(zeros([2, 3]), zeros([3, 2])), /mseLoss: expected .*\[3, 2\]/),
  ...[l1Loss, smoothL1Loss, huberLoss, klDiv, binaryCrossEntropyWithLogits].map((loss) =>
    fails(
      `${loss.name}: shapes`,
      () => loss(zeros([2, 3]), zeros([3, 2])),
      new RegExp(`${loss.name}: expected .*\\[3, 2\\]`),
    ),
  ),
  fails(
    'binaryCrossEntropy: weight',
    () => binaryCrossEntropy(zeros([2, 3]), zeros([2, 3]), { weight: ones([2]) }),
    /binaryCrossEntropy: expected weight to broadcast to \[2, 3\], got \[2\]/,
  ),
  fails(
    'binaryCrossEntropyWithLogits: posWeight',
    () => binaryCrossEntropyWithLogits(zeros([3]), zeros([3]), { posWeight: ones([2, 3]) }),
    /binaryCrossEntropyWithLogits: expected posWeight to broadcast to \[3\], got \[2, 3\]/,
  ),
  {
    name: 'smoothL1Loss: beta',
    run: () => smoothL1Loss(zeros([2]), zeros([2]), { beta: -1 }),
    error: rangeError(/smoothL1Loss: expected beta .*got -1/),
  },
  {
    name: 'huberLoss: delta',
    run: () => huberLoss(zeros([2]), zeros([2]), { delta: 0 }),
    error: rangeError(/huberLoss: expected delta .*got 0/),
  },
  {
    name: 'mseLoss: another reduction',
    run: () => mseLoss(zeros([2]), zeros([2]), { reduction: 'average' as 'mean' }),
    error: { message: /mseLoss.*reduction.*average/ },
  },
]
