import { crossEntropy, type CrossEntropyOptions, nllLoss, ones, tensor, zeros } from 'convcore'
import * as reference from '../../reference/crossEntropy.js'
import { type Case, dtypeError, type ErrorCase, type Input, rangeError, shapeError } from '../case.js'

const reductions = ['mean', 'sum', 'none'] as const

const labels = (classes: number, values: number[], shape = [values.length]): Input => ({
  shape,
  dtype: 'int32',
  values: values.map((v) => (v < 0 ? v : v % classes)),
})
const count = (n: number) => Array.from({ length: n }, (_, i) => i * 7)

type Options = Omit<CrossEntropyOptions, 'weight' | 'reduction'> & { weight?: boolean }

/** Weights of classes, exact in every float type: 0.5, 0.75, … */
const weights = (classes: number): number[] => Array.from({ length: classes }, (_, c) => 0.5 + (c % 5) / 4)

function losses(name: string, x: Input, target: Input, options: Options = {}, smooth = true): Case[] {
  const { weight = false, ...rest } = options
  const classes = weights(x.shape[1]!)
  const nll = name.startsWith('nllLoss')
  return reductions.map((reduction) => ({
    name: `${name}, ${reduction}`,
    inputs: [x, target, ...(weight ? [{ shape: [classes.length], values: classes }] : [])],
    op: (x, t, weight) => (nll ? nllLoss : crossEntropy)(x, t, { ...rest, reduction, weight }),
    reference: (x, t, weight) =>
      (nll ? reference.nllLoss : reference.crossEntropy)(x, t, {
        ...rest,
        reduction,
        weight: weight && [...weight.data],
      }),
    ...(smooth ? { differentiable: [0] } : {}),
  }))
}

const entropy = (name: string, ...rest: [Input, Input, Options?, boolean?]) => losses(`crossEntropy: ${name}`, ...rest)
const logits = (...shape: number[]): Input => ({ shape, range: [-3, 3] })
const cells = [0, 2, -100, 1, 2, 2, 0, 1, -100, 1, 0, 2]
const smoothed: Options = { weight: true, labelSmoothing: 0.25 }

export const cases: Case[] = [
  ...entropy('labels', logits(4, 10), labels(10, [3, 0, 9, 3])),
  ...entropy('one row', { shape: [1, 3] }, labels(3, [2])),
  ...entropy('one class', { shape: [3, 1] }, labels(1, [0, 0, 0])),
  ...entropy('33 classes', { shape: [17, 33], range: [-5, 5] }, labels(33, count(17))),
  ...entropy('many rows', { shape: [1500, 33] }, labels(33, count(1500))),
  ...entropy(
    'large logits',
    { shape: [2, 3], values: [1000, 0, -1000, -1000, 999, 1000] },
    labels(3, [1, 2]),
    {},
    false,
  ),
  ...entropy('weight', logits(5, 4), labels(4, [3, 0, 1, 1, 2]), { weight: true }),
  ...entropy('ignored', logits(5, 4), labels(4, [3, -100, 1, -100, 2])),
  ...entropy('label smoothing', logits(5, 4), labels(4, [3, 0, 1, 1, 2]), { labelSmoothing: 0.1 }),
  ...entropy('all options', logits(5, 17), labels(17, [3, 0, 1, 1, 16]), { ...smoothed, ignoreIndex: 1 }),
  ...entropy('sequence', logits(2, 3, 4), labels(3, cells.slice(0, 8), [2, 4])),
  ...entropy('image, all options', logits(2, 3, 2, 3), labels(3, cells, [2, 2, 3]), smoothed),
  ...entropy('volume', logits(1, 3, 2, 3, 2), labels(3, cells, [1, 2, 3, 2])),
  ...entropy('one-hot rows', logits(2, 3), { shape: [2, 3], values: [0, 1, 0, 0, 0, 1] }),
  ...entropy('probabilities', logits(3, 4), { shape: [3, 4], range: [0, 0.5] }),
  ...entropy(
    'probabilities of cells',
    logits(2, 3, 2, 2),
    { shape: [2, 3, 2, 2], range: [0, 0.5] },
    {
      weight: true,
      labelSmoothing: 0.25,
    },
  ),
  ...losses('nllLoss: labels', logits(4, 5), labels(5, [3, 0, 4, 3])),
  ...losses('nllLoss: all options', logits(5, 17), labels(17, [3, 0, 1, 1, 16]), { weight: true, ignoreIndex: 1 }),
  ...losses('nllLoss: image', logits(2, 3, 2, 3), labels(3, cells, [2, 2, 3]), { weight: true }),
]

const x = () => zeros([2, 3])
const two = () => tensor(Int32Array.of(1, 0))
const fails = (name: string, run: () => unknown, message: RegExp): ErrorCase => ({
  name,
  run,
  error: shapeError(message),
})
const late = (name: string, target: number[], message: RegExp, loss = crossEntropy): ErrorCase => ({
  name,
  run: () => loss(x(), tensor(Int32Array.from(target))).dataSync(),
  error: { message },
})

export const errors: ErrorCase[] = [
  fails(
    'crossEntropy: rank',
    () => crossEntropy(zeros([3]), tensor(Int32Array.of(1))),
    /crossEntropy: expected .*\[3\]/,
  ),
  fails('crossEntropy: rows', () => crossEntropy(x(), tensor(Int32Array.of(1))), /crossEntropy: expected .*\[1\]/),
  fails('crossEntropy: classes', () => crossEntropy(x(), zeros([2, 4])), /crossEntropy: expected .*\[2, 4\]/),
  fails(
    'crossEntropy: cells',
    () => crossEntropy(zeros([2, 3, 4, 4]), tensor(new Int32Array(24), { shape: [2, 4, 3] })),
    /crossEntropy: expected target of shape \[2, 4, 4\], got \[2, 4, 3\]/,
  ),
  fails(
    'crossEntropy: weight',
    () => crossEntropy(x(), two(), { weight: ones([2]) }),
    /crossEntropy: expected weight of shape \[3\], got \[2\]/,
  ),
  {
    name: 'crossEntropy: weight of another dtype',
    run: () => crossEntropy(x(), two(), { weight: ones([3], { dtype: 'float64' }) }),
    error: dtypeError(/crossEntropy: expected weight .*float64/),
  },
  {
    name: 'crossEntropy: weight that is learnt',
    run: () => crossEntropy(x(), two(), { weight: ones([3], { requiresGrad: true }) }),
    error: { name: 'AutogradError', message: /crossEntropy: expected a weight that requires no gradient/ },
  },
  {
    name: 'crossEntropy: too smooth',
    run: () => crossEntropy(x(), two(), { labelSmoothing: 1.5 }),
    error: rangeError(/crossEntropy: expected labelSmoothing .*got 1.5/),
  },
  {
    name: 'crossEntropy: ignored probabilities',
    run: () => crossEntropy(x(), x(), { ignoreIndex: 1 }),
    error: rangeError(/crossEntropy: expected no ignoreIndex .*got 1/),
  },
  late('crossEntropy: label 3 of 3', [0, 3], /3/),
  late('crossEntropy: label −1', [-1, 0], /-1/),
  late('crossEntropy: label −1 beside one ignored', [-1, -100], /-1/),
  fails('nllLoss: rows', () => nllLoss(x(), tensor(Int32Array.of(1))), /nllLoss: expected .*\[1\]/),
  late('nllLoss: label 3 of 3', [0, 3], /3/, nllLoss),
]
