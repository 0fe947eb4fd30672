import { binaryCrossEntropy, crossEntropy, mseLoss, tensor, zeros } from 'convcore'
import * as reference from '../../reference/loss.js'
import { type Case, type ErrorCase, type Input, shapeError } from '../case.js'

const reductions = ['mean', 'sum', 'none'] as const

const labels = (classes: number, values: number[]): Input => ({
  shape: [values.length],
  dtype: 'int32',
  values: values.map((v) => v % classes),
})

const entropy = (name: string, logits: Input, target: Input, smooth = true): Case[] =>
  reductions.map((reduction) => ({
    name: `crossEntropy: ${name}, ${reduction}`,
    inputs: [logits, target],
    op: (x, t) => crossEntropy(x, t, { reduction }),
    reference: (x, t) => reference.crossEntropy(x, t, reduction),
    ...(smooth ? { differentiable: [0] } : {}),
  }))

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

export const cases: Case[] = [
  ...entropy('labels', { shape: [4, 10], range: [-3, 3] }, labels(10, [3, 0, 9, 3])),
  ...entropy('one row', { shape: [1, 3] }, labels(3, [2])),
  ...entropy('one class', { shape: [3, 1] }, labels(1, [0, 0, 0])),
  ...entropy(
    '33 classes',
    { shape: [17, 33], range: [-5, 5] },
    labels(
      33,
      Array.from({ length: 17 }, (_, i) => i * 7),
    ),
  ),
  ...entropy(
    'many rows',
    { shape: [1500, 33] },
    labels(
      33,
      Array.from({ length: 1500 }, (_, i) => i * 7),
    ),
  ),
  ...entropy('large logits', { shape: [2, 3], values: [1000, 0, -1000, -1000, 999, 1000] }, labels(3, [1, 2]), false),
  ...entropy('one-hot rows', { shape: [2, 3], range: [-3, 3] }, { shape: [2, 3], values: [0, 1, 0, 0, 0, 1] }),
  ...entropy('probabilities', { shape: [3, 4], range: [-3, 3] }, { shape: [3, 4], range: [0, 0.5] }),
  ...binary('probabilities', { shape: [3, 5], range: [0.05, 0.95] }, { shape: [3, 5], range: [0, 1] }),
  ...binary('many', { shape: [40001], range: [0.05, 0.95] }, { shape: [40001], range: [0, 1] }),
  ...binary('one-hot', { shape: [2, 2], range: [0.2, 0.8] }, { shape: [2, 2], values: [0, 1, 1, 0] }),
  ...binary('clamped at −100', { shape: [4], values: [0, 1, 0, 1] }, { shape: [4], values: [1, 0, 0, 1] }, false),
  ...[[], [7], [2, 3, 4, 5]].flatMap(square),
]

const fails = (name: string, run: () => unknown, message: RegExp): ErrorCase => ({
  name,
  run,
  error: shapeError(message),
})
const late = (name: string, target: number[], message: RegExp): ErrorCase => ({
  name: `crossEntropy: ${name}`,
  run: () => crossEntropy(zeros([2, 3]), tensor(Int32Array.from(target))).dataSync(),
  error: { message },
})

export const errors: ErrorCase[] = [
  fails(
    'crossEntropy: rank',
    () => crossEntropy(zeros([3]), tensor(Int32Array.of(1))),
    /crossEntropy: expected .*\[3\]/,
  ),
  fails(
    'crossEntropy: rows',
    () => crossEntropy(zeros([2, 3]), tensor(Int32Array.of(1))),
    /crossEntropy: expected .*\[1\]/,
  ),
  fails('crossEntropy: classes', () => crossEntropy(zeros([2, 3]), zeros([2, 4])), /crossEntropy: expected .*\[2, 4\]/),
  late('label 3 of 3', [0, 3], /3/),
  late('label −1', [-1, 0], /-1/),
  fails(
    'binaryCrossEntropy: shapes',
    () => binaryCrossEntropy(zeros([2, 3]), zeros([3])),
    /binaryCrossEntropy: expected .*\[3\]/,
  ),
  fails('mseLoss: shapes', () => mseLoss(zeros([2, 3]), zeros([3, 2])), /mseLoss: expected .*\[3, 2\]/),
  {
    name: 'mseLoss: another reduction',
    run: () => mseLoss(zeros([2]), zeros([2]), { reduction: 'average' as 'mean' }),
    error: { message: /mseLoss.*reduction.*average/ },
  },
]
